"""The schema of RFC 4287, appendix B, in RELAX NG's XML: what an Atom feed must, may and must not have."""

from lxml import etree

_PERSON = """
<interleave>
  <element name="name"><text/></element>
  <optional><element name="uri"><text/></element></optional>
  <optional><element name="email"><data type="string"><param name="pattern">.+@.+</param></data></element></optional>
</interleave>"""
_SCHEMA = f"""
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><ref name="feed"/></start>
  <define name="common">
    <optional><attribute name="xml:base"><data type="anyURI"/></attribute></optional>
    <optional><attribute name="xml:lang"><data type="language"/></attribute></optional>
  </define>
  <define name="plain">
    <ref name="common"/>
    <choice>
      <group><optional><attribute name="type"><choice><value>text</value><value>html</value></choice></attribute>
        </optional><text/></group>
    </choice>
  </define>
  <define name="date"><ref name="common"/><data type="dateTime"/></define>
  <define name="id"><element name="id"><ref name="common"/><data type="anyURI"><param name="minLength">1</param></data>
    </element></define>
  <define name="link"><element name="link"><ref name="common"/>
    <attribute name="href"><data type="anyURI"/></attribute>
    <optional><attribute name="rel"><data type="string"><param name="pattern">[a-z\\-]+</param></data></attribute>
    </optional>
    <optional><attribute name="type"><data type="string"><param name="pattern">.+/.+</param></data></attribute>
    </optional>
    <optional><attribute name="hreflang"><data type="language"/></attribute></optional>
    <optional><attribute name="title"/></optional>
    <optional><attribute name="length"/></optional>
  </element></define>
  <define name="category"><element name="category"><ref name="common"/>
    <attribute name="term"/>
    <optional><attribute name="scheme"><data type="anyURI"/></attribute></optional>
    <optional><attribute name="label"/></optional>
  </element></define>
  <define name="feed"><element name="feed"><ref name="common"/><group>
    <interleave>
      <zeroOrMore><element name="author"><ref name="common"/>{_PERSON}</element></zeroOrMore>
      <zeroOrMore><ref name="category"/></zeroOrMore>
      <zeroOrMore><element name="contributor"><ref name="common"/>{_PERSON}</element></zeroOrMore>
      <optional><element name="generator"><ref name="common"/><optional><attribute name="uri"/></optional>
        <optional><attribute name="version"/></optional><text/></element></optional>
      <optional><element name="icon"><data type="anyURI"/></element></optional>
      <ref name="id"/>
      <zeroOrMore><ref name="link"/></zeroOrMore>
      <optional><element name="logo"><data type="anyURI"/></element></optional>
      <optional><element name="rights"><ref name="plain"/></element></optional>
      <optional><element name="subtitle"><ref name="plain"/></element></optional>
      <element name="title"><ref name="plain"/></element>
      <element name="updated"><ref name="date"/></element>
    </interleave>
    <zeroOrMore><ref name="entry"/></zeroOrMore>
  </group></element></define>
  <define name="entry"><element name="entry"><ref name="common"/><interleave>
    <zeroOrMore><element name="author"><ref name="common"/>{_PERSON}</element></zeroOrMore>
    <zeroOrMore><ref name="category"/></zeroOrMore>
    <optional><element name="content"><ref name="plain"/></element></optional>
    <zeroOrMore><element name="contributor"><ref name="common"/>{_PERSON}</element></zeroOrMore>
    <ref name="id"/>
    <zeroOrMore><ref name="link"/></zeroOrMore>
    <optional><element name="published"><ref name="date"/></element></optional>
    <optional><element name="rights"><ref name="plain"/></element></optional>
    <optional><element name="summary"><ref name="plain"/></element></optional>
    <element name="title"><ref name="plain"/></element>
    <element name="updated"><ref name="date"/></element>
  </interleave></element></define>
</grammar>"""
_RULES = etree.RelaxNG(etree.fromstring(_SCHEMA))
_ATOM = {"a": "http://www.w3.org/2005/Atom"}


def faults(document: bytes) -> list[str]:
    """What is wrong with a feed: by the schema, and by what RFC 4287 asks beyond it."""
    feed = etree.fromstring(document)
    found = [] if _RULES.validate(feed) else [str(one) for one in _RULES.error_log]
    if not feed.xpath("a:author", namespaces=_ATOM) and feed.xpath("a:entry[not(a:author)]", namespaces=_ATOM):
        found.append("an entry has no author, nor has the feed (4.1.2)")
    if len(feed.xpath("a:link[@rel='self']", namespaces=_ATOM)) != 1:
        found.append("a feed should have a link to itself (4.1.1)")
    for entry in feed.xpath("a:entry", namespaces=_ATOM):
        if not entry.xpath("a:link[@rel='alternate'] | a:content", namespaces=_ATOM):
            found.append("an entry has neither content nor an alternate (4.1.2)")
        pairs = [
            (one.get("type"), one.get("hreflang")) for one in entry.xpath("a:link[@rel='alternate']", namespaces=_ATOM)
        ]
        if len(pairs) != len(set(pairs)):
            found.append("an entry has two alternates of a kind (4.1.2)")
    ids = feed.xpath("a:entry/a:id/text()", namespaces=_ATOM)
    if len(ids) != len(set(ids)):
        found.append("two entries have one id (4.2.6)")
    return found
