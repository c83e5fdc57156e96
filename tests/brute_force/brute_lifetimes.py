"""Which tensors are alive while a model is carried out, one operation after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brute_values import Tensor


class Alive:
    """The memory that each value lies in, and what each operation takes and makes."""

    def __init__(self) -> None:
        self.memory: dict[int, set[int]] = {}
        self.sizes: dict[int, int] = {}
        self.events: list[tuple[set[int], set[int]]] = []

    def of(self, tensors: Iterable[Tensor]) -> set[int]:
        return set().union(*(self.memory.get(tensor.number, set()) for tensor in tensors))

    def made(self, tensors: Sequence[Tensor]) -> set[int]:
        """Tensors in memory of their own."""
        for tensor in tensors:
            number = len(self.sizes)
            self.sizes[number], self.memory[tensor.number] = tensor.size, {number}
        return self.of(tensors)

    def view(self, taken: Sequence[Tensor], given: Sequence[Tensor]) -> None:
        memory = self.of(taken)
        self.memory.update((tensor.number, memory) for tensor in given)

    def event(self, taken: Sequence[Tensor], given: Sequence[Tensor]) -> None:
        takes = self.of(taken)
        self.events.append((takes, self.made(given)))

    def peak(self) -> int:
        """The most that is there during one event: what was made, and is taken yet."""
        most = 0
        for at, (_, makes) in enumerate(self.events):
            before = set().union(*(made for _, made in self.events[:at]))
            after = set().union(*(taken for taken, _ in self.events[at:]))
            most = max(most, sum(self.sizes[one] for one in makes | (before & after)))
        return most
