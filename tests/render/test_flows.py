"""What flows through blocks: told step by step where the file tells it, and drawn as branches."""

from __future__ import annotations

import pytest

import closedform as cf
from closedform import formula as w
from closedform.derive.trace.flows import Flow
from closedform.projects import open_project, report_of, zoo_names
from closedform.render.language import language
from closedform.render.pictures.flows import flow_drawing
from helpers import cases


def told(flow: Flow) -> list[str]:
    """A flow as lines: what each step takes by its place, and the shape that it makes."""
    return [
        f"{at} {step.kind} {step.name}"
        + (f" ({', '.join(step.inside)})" if step.inside else "")
        + "".join(f" <{taken}" for taken in step.takes)
        + (f" [{', '.join(map(w.plain, step.gives))}]" if step.gives else "")
        for at, step in enumerate(flow.steps)
    ] + [f"return {', '.join(map(str, flow.returns))}"]


def flows(source: str) -> dict[str, Flow]:
    model = f"{source}\nmodel M(x: [8, 4]):\n    return x -> B\n"
    return {flow.name: flow for flow in report_of(cf.loads(model)._project, "M").flows}


def test_queries_keys_and_values() -> None:
    (flow,) = (f for f in report_of(open_project("vit")).flows if f.name == "SelfAttention")
    assert told(flow) == [
        "0 input x [T, D]",
        "1 operation linear <0 [T, D]", "2 operation rearrange <1 [H, T, D/H]",
        "3 operation linear <0 [T, D]", "4 operation rearrange <3 [H, T, D/H]",
        "5 operation linear <0 [T, D]", "6 operation rearrange <5 [H, T, D/H]",
        "7 operation einsum <2 <4 [H, T, T]", "8 operation softmax <7 [H, T, T]",
        "9 operation einsum <8 <6 [H, T, D/H]", "10 operation rearrange <9 [T, D]",
        "11 operation linear <10 [T, D]",
        "return 11",
    ]  # fmt: skip
    drawn = flow_drawing(flow, language("en")).element()
    tops = [piece.split('y="')[1].split('"')[0] for piece in drawn.split("<rect")[1:]]
    assert [tops.count(top) for top in dict.fromkeys(tops)] == [1, 3, 1, 1]


def test_a_case_is_one_step() -> None:
    """Fails when what is made in an `if` is not taken after it."""
    (flow,) = (f for f in report_of(open_project("pvt")).flows if f.name == "SRA")
    assert told(flow)[:4] == [
        "0 input x [n_s, D_s]",
        "1 loop if r > 1 (rearrange, conv2d, layernorm) <0",
        "2 operation linear <0 [n_s, D_s]",
        "3 operation rearrange <2 [H_s, n_s, D_s/H_s]",
    ]
    assert told(flow)[4].startswith("4 operation linear <1 [floor(m_s/R_s)^2, D_s]")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "    repeat 3:\n        x = x -> linear(4)\n    return x -> relu",
            ["0 input x [8, 4]", "1 loop repeat 3 (linear) <0", "2 operation relu <1 [8, 4]",
             "return 2"],
        ),
        (
            "    a, b = [x -> linear(2), x -> linear(3)]\n    return concat(b, a, axis=1)",
            ["0 input x [8, 4]", "1 operation linear <0 [8, 2]", "2 operation linear <0 [8, 3]",
             "3 operation concat <2 <1 [8, 5]", "return 3"],
        ),
        (
            "    return x*x + param([8, 4])",
            ["0 input x [8, 4]", "1 operation product <0 [8, 4]", "2 operation param [8, 4]",
             "3 operation addition <1 <2 [8, 4]", "return 3"],
        ),
        (
            "    if 2 > 1:\n        x = x -> linear(2)\n    else:\n        x = x -> relu\n"
            "    return x -> linear(4)",
            ["0 input x [8, 4]", "1 operation linear <0 [8, 2]", "2 operation linear <1 [8, 4]",
             "return 2"],
        ),
    ],
    ids=["repeat", "several", "signs", "decided"],
)  # fmt: skip
def test_the_steps_of_a_block(body: str, expected: list[str]) -> None:
    assert told(flows(f"block B(x: [n, d]):\n{body}\n")["B"]) == expected


def test_what_a_text_does_not_tell_is_not_drawn() -> None:
    """Fails when a flow is guessed where a decided `if` may have done nothing."""
    body = "    y = x\n    if 2 > 3:\n        y = x -> relu\n    return y -> linear(4)\n"
    assert flows(f"block B(x: [n, d]):\n{body}") == {}


@pytest.mark.parametrize("name", cases(zoo_names(), {"vit", "swin", "densenet"}))
def test_flows_of_the_zoo(name: str) -> None:
    """Each step takes what stands before it, and only what is returned ends there."""
    found = report_of(open_project(name), open_project(name).parts()[0].name).flows
    for flow in found:
        taken = {at for step in flow.steps for at in step.takes} | set(flow.returns)
        assert all(max(step.takes, default=-1) < at for at, step in enumerate(flow.steps))
        assert taken == set(range(len(flow.steps)))
        assert flow_drawing(flow, language("zh")).width <= 500
