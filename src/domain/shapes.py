"""The types of the record looked through by name: which fields a type has, and what stands in each."""

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

Metadata = tuple[Any, ...]


def types_in(annotation: Any, metadata: Metadata = ()) -> Iterator[tuple[Any, Metadata]]:  # noqa: ANN401 - annotations have no common type
    """The types that a field may have, `None` left out, each with its metadata."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from types_in(inner, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from types_in(member, metadata)
    elif annotation is not type(None):
        yield annotation, metadata


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """The types of a model's fields with their metadata, by the names that files give them."""
    return {
        info.alias or name: Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        for name, info in model.model_fields.items()
    }


def is_model(kind: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that stands at a path in another one, as `("quotes", 0)` in an entry; None where none does."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [kind for above in kinds for below in _below(above, part) for kind, _ in types_in(below)]
    return next(filter(is_model, kinds), None)


def _below(kind: Any, part: str | int) -> Sequence[Any]:  # noqa: ANN401 - as above
    if is_model(kind):
        return [annotation for name, annotation in fields_of(kind).items() if name == part]
    if get_origin(kind) is tuple:
        return get_args(kind)[:1]
    return get_args(kind)[1:] if get_origin(kind) is dict else []
