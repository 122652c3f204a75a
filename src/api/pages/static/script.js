// The pages are complete without this. It answers the time machine in place, copies what is to be copied, and
// narrows lists as one types.
"use strict";

// The time machine: a clock that is moved is answered at once, without losing one's place on the page.
let asking = 0;
let shown = location.pathname + location.search;
async function go(address, keep) {
  const number = ++asking;
  document.body.classList.add("busy");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (number !== asking) return;
    const name = document.activeElement && document.activeElement.name;
    for (const part of [".masthead", "[data-clocks]", "main", "footer.wide"]) {
      document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
    }
    document.title = page.title;
    if (keep) history.pushState(null, "", answer.url);
    shown = location.pathname + location.search;
    if (name) document.querySelector(`[data-clocks] [name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
    prepare();
  } catch {
    location.assign(address);
  } finally {
    if (number === asking) document.body.classList.remove("busy");
  }
}

function addressOf(form) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) asked.set(name, value);
  return `${form.getAttribute("action")}?${asked}`;
}

let waiting;
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-clocks] form");
  if (!form || !form.checkValidity()) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => go(addressOf(form), true), 250);
});
document.addEventListener("submit", (event) => {
  if (!event.target.closest("[data-clocks]")) return;
  event.preventDefault();
  clearTimeout(waiting);
  go(addressOf(event.target), true);
});
addEventListener("popstate", () => {
  if (location.pathname + location.search !== shown) go(location.href, false);
});

// Copying: a button for each thing to copy, where the browser lets us.
function prepare() {
  if (!navigator.clipboard) return;
  for (const box of document.querySelectorAll("[data-copy]")) {
    if (box.querySelector("button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    box.append(button);
  }
}

// The words of a text, folded as the server folds them (domain/folding.py).
function fold(text) {
  return text
    .replace(/['`\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201b\u2032\ua78c\uff07]/g, "'")
    .normalize("NFKD").toLowerCase().normalize("NFKD").replace(/[\p{Mn}\p{Me}\p{Cf}]/gu, "")
    .replaceAll("ß", "ss").replaceAll("ς", "σ")
    .replace(/(?<=[aeiou])'(?=[aeiou])/g, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

// Finding: the list of places narrows to what is typed.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-find]")) return;
  const words = fold(event.target.value);
  for (const item of document.querySelectorAll("[data-grid] li")) {
    const begins = (word) => ` ${item.dataset.words}`.includes(` ${word}`);
    item.hidden = !words.every(begins);
  }
  for (const section of document.querySelectorAll("[data-grid] section")) {
    section.hidden = !section.querySelector("li:not([hidden])");
  }
});

prepare();
