"""Small files of the kinds that went wrong once, with verdicts that were worked out by hand."""

from __future__ import annotations

import pytest

from closedform import loads
from closedform.derive.assume.verdict import Refuted
from closedform.derive.check.check import check
from closedform.errors import ClosedformError

# What the expectations and claims of a file come to, in their order: + proved, - refuted.
FILES: dict[str, tuple[str, str]] = {
    "multiples within a range": (
        """\
dim N, D, W
assume W | N
model M(x: [N]):
    return x -> linear(D, bias=false)
    claim params == W*D when N < 2*W
    claim params == 2*W*D when N > W, N <= 2*W
    claim params == 2*W*D when N > W, N < 3*W
    claim params == W*D when N <= 2*W
    claim params >= 2*W*D when N > W
model K(x: [N]):
    return x -> linear(D, bias=false)
    claim params == 6*D when 6 | N, N < 12
    claim params == 6*D when 2 | N, 3 | N, N < 12
    claim params == 6*D when 2 | N, N < 8
""",
        "+++-+++-",
    ),
    "axes that shrink in a loop up to a symbol": (
        """\
dim T, R, J
model Dilated(x: [R, T]):
    for i in 1..J:
        x = x -> conv1d(R, kernel=2, dilation=2^(i - 1), bias=false)
    return x
    claim macs >= 2*R^2*(J - 2)*T
    claim macs >= 2*R^2*(J - 1)*T
model Plain(x: [R, T]):
    for i in 1..J:
        x = x -> conv1d(R, kernel=2, bias=false)
    return x
    claim macs > 0
    claim macs >= J*R^2*T
    claim macs >= J*R^2*T + J*R^2
    claim params in O(T) as J, T grow
    claim macs in O(T^2) as J, T grow
    claim macs in Theta(J*T) as J, T grow
""",
        "+-++-+++",
    ),
    "what a floor is of is whole": (
        """\
dim a, b, c
dim W[2]
block B(x: [a]):
    return x -> linear(b, bias=false)
    claim params*[a | c] == params*[a*floor(c/a) == c]
    claim params*[min(W[1], c) | b] == params*[min(W[1], c)*floor(b/min(W[1], c)) == b] when b < c
    claim params*[a | c] == params*[floor(c/a) == c/a]
    claim params*[a | c + 1] == params*[a*floor(c/a) == c]
""",
        "+++-",
    ),
    "powers of numbers": (
        """\
dim G, S
model M(x: [G*2^S, 1, 1]):
    for i in 1..S:
        x = x -> conv2d(G*2^(S - i), kernel=1, bias=false)
    return x
    claim params ~ 2*G^2*4^S/3 as S grow
    claim params ~ 2*G^2*2^(2*S)/3 as S grow
    claim params ~ G^2*4^S as S grow
    claim params in O(4^S) as S grow
""",
        "++-+",
    ),
    "nearest bounds of ceilings": (
        """\
dim N, D, S, l
model M(x: [N, D]):
    return x -> rearrange("n d -> d n") -> conv1d(D, kernel=1, stride=S, bias=false)
    claim macs <= D^2*(N + S - 1)/S
    claim S*macs <= D^2*(N + S - 1)
    claim S*macs < D^2*(N + S)
    claim S*macs <= D^2*(N + S - 2)
    claim S*macs <= D^2*(N + S - 1) when N > S
""",
        "+++-+",
    ),
    "floors over sums": (
        """\
dim l, c, k
dim s

model M(x: [c, l]):
    return x -> conv1d(c, kernel=1, stride=s + 1, bias=false)

    claim macs == c^2*ceil(l/(s + 1))
    claim macs == c^2*(floor((l - 1)/(s + 1)) + 1)
    claim macs == c^2*floor((l + s)/(s + 1))
    claim macs == c^2*(ceil((l + s + 1)/(s + 1)) - 1)
    claim macs == c^2 when s == l - 1
    claim macs == c^2 when l <= s + 1
    claim macs == c^2 when l <= s
    claim macs == 2*c^2 when l > s + 1, l <= 2*s + 2
    claim macs + floor(l/(s + 1)) == c^2*ceil(l/(s + 1)) + ceil((l - s)/(s + 1))
    claim macs + floor(l/(s + 1)) == c^2*ceil(l/(s + 1)) + floor((l + s + 1)/(s + 1)) - 1
    claim macs + floor(l/(s + 1)) == c^2*ceil(l/(s + 1)) + ceil((l + 1)/(s + 1)) - 1

model M2(x: [c, l]):
    return x -> maxpool1d(k + s, stride=k + s, padding=s) -> conv1d(c, kernel=1, bias=false)

    claim macs == c^2*(floor((l + s - k)/(k + s)) + 1)
    claim macs == c^2*floor((l + 2*s)/(k + s))
    claim macs == c^2*(floor((l - 2*k)/(k + s)) + 2)
    claim macs == c^2*ceil((l + 2*s - k - s + 1)/(k + s))
    claim macs == c^2*ceil((l + s - k + 1)/(k + s))

model M3(x: [c, l]):
    return x -> conv1d(c, kernel=1, stride=2*s + 1, bias=false)

    claim macs == c^2*ceil(l/(2*s + 1))
    claim macs == c^2*floor((l + 2*s)/(2*s + 1))
    claim macs == c^2*(floor((l - 1)/(2*s + 1)) + 1)
    claim macs + floor(l/(2*s + 1)) == c^2*ceil(l/(2*s + 1)) + ceil((l - 2*s)/(2*s + 1))
    claim macs == c^2*(ceil((l - 2*s - 1)/(2*s + 1)) + 1)
""",
        "+" * 21,
    ),
    "sums of what is whole": (
        """\
dim N, D, M
model A(x: [N, D]):
    return x -> linear(sum(i, 1, N, min(i, M)), bias=false)
    claim params == D*sum(i, 1, N, min(i, M))
    claim params == D*sum(i, 1, N, max(i, M))
model B(x: [N, D]):
    repeat sum(i, 1, N, ceil(M/i)):
        x = x -> linear(D, bias=false)
    return x
    claim params == D^2*sum(i, 1, N, ceil(M/i))
""",
        "+-+",
    ),
    "a difference with a bracket that is a number": (
        """\
dim D, J
model C(x: [D]):
    x = x -> linear(D, bias=false)
    repeat J:
        x = x -> linear(D)
    return x
    claim params/(J + 1) <= D^2 + D
    claim params/(J + 1) == D^2 + D
""",
        "+-",
    ),
    "growth of what is a number below 0": (
        """\
op w(x: [n], m) -> y: [1]:
    mac = n - m*floor(n/m)
block B(x: [n], m):
    return x -> w(m)
    claim macs in O(m) as n, m grow when n == m^2 + 1
    claim macs in Theta(m) as n, m grow when n == m^2 + 1
""",
        "+-",
    ),
    "bn1d batch": (
        """\
dim T, B, C
model M(x: [B, C; T]):
    return x -> batchnorm
    claim params == 2*C
""",
        "+",
    ),
    "prelu conv3d batch": (
        """\
dim B, C
model M(x: [B, 3, 4, 5, 6]):
    return x -> conv3d(C, kernel=1, bias=false) -> prelu
    claim params == 3*C + C
""",
        "+",
    ),
    "groupnorm conv3d": (
        """\
dim C
model M(x: [3, 4, 5, 6]):
    return x -> conv3d(C, kernel=1, bias=false) -> groupnorm(1)
    claim params == 3*C + 2*C
""",
        "+",
    ),
    "norm 3d nobatch kw": (
        """\
dim T, I, W, C
model M(x: [C; T, I, W]):
    return x -> batchnorm3d -> prelu
    claim params == 3*C
""",
        "+",
    ),
    "bn after concat channels": (
        """\
dim D, I, C
model M(x: [3, I, I]):
    a = x -> conv2d(C, kernel=1, bias=false)
    b = x -> conv2d(D, kernel=1, bias=false)
    return concat(a, b, axis=0) -> batchnorm
    claim params == 3*C + 3*D + 2*(C + D)
""",
        "+",
    ),
    "bn in repeat conv3d": (
        """\
dim I, C
dim L
model M(x: [3, 4, I, I]):
    x = x -> conv3d(C, kernel=1, bias=false)
    repeat L:
        x = x -> conv3d(C, kernel=3, padding=1, bias=false) -> batchnorm
    return x
    claim params == 3*C + L*(27*C^2 + 2*C)
""",
        "+",
    ),
    "loop none": (
        """\
dim D
model M(x: [D]):
    for i in 1..0:
        x = x -> linear(D)
    return x -> linear(1)
    claim params == D + 1
""",
        "+",
    ),
    "list of one": (
        """\
dim D
dim A[1] = [4]
model M(x: [D]):
    for w in A:
        x = x -> linear(w)
    return x
    claim params == D*A[1] + A[1]
""",
        "+",
    ),
    "loop L-1 none": (
        """\
dim D
dim L
model M(x: [D]):
    for i in 1..L-1:
        x = x -> linear(D, bias=false)
    return x
    claim params == (L - 1)*D^2
""",
        "+",
    ),
    "first step other stride, side odd": (
        """\
dim I, C
dim L
assume 2 | I
model M(x: [C, I, I]):
    for i in 1..L:
        k = 2 if i == 1 else 1
        x = x -> conv2d(C, kernel=3, padding=1, bias=false, stride=k)
    return x
    claim macs == L*9*C^2*(I/2)^2
    claim params == 9*L*C^2
""",
        "++",
    ),
    "every second plus others": (
        """\
dim D
dim L
model M(x: [D]):
    for i in 1..L:
        if 2 | i:
            x = x -> linear(D, bias=false)
        else:
            x = x -> linear(D, bias=false)
    return x
    claim params == L*D^2
""",
        "+",
    ),
    "loop 0..L": (
        """\
dim D
dim L
model M(x: [D]):
    for i in 0..L:
        x = x -> linear(D, bias=(i > 0))
    return x
    claim params == (L + 1)*D^2 + L*D
""",
        "+",
    ),
    "geometric": (
        """\
dim C
dim S
model M(x: [C]):
    for i in 1..S:
        x = x -> linear(C*2^i, bias=false)
    return x
    claim params == 2*C^2*(4^S - 1)/3
""",
        "+",
    ),
    "quadratic in i": (
        """\
dim C
dim L
model M(x: [C]):
    for i in 1..L:
        y = x -> linear(i, bias=false) -> linear(C, bias=false)
        x = x + y
    return x
    claim params == C*L*(L + 1)
    claim params == sum(i, 1, L, 2*C*i)
    claim params == C*L^2
""",
        "++-",
    ),
    "dense growth": (
        """\
dim I, C
dim L, k
model M(x: [C, I, I]):
    for i in 1..L:
        y = x -> conv2d(k, kernel=3, padding=1, bias=false)
        x = concat(x, y, axis=0)
    return x
    claim params == 9*k*(L*C + k*L*(L - 1)/2)
""",
        "+",
    ),
    "stage stride nested flags": (
        """\
dim I = 64
dim D[2], L[2]
assume 4 | I
block U(x: [c; h, w], out, stride=1):
    y = x -> conv2d(out, kernel=3, padding=1, stride=stride, bias=false)
    if stride > 1 or c != out:
        x = x -> conv2d(out, kernel=1, stride=stride, bias=false)
    return x + y
model M(x: [3, I, I]):
    for s in 1..2:
        for i in 1..L[s]:
            x = x -> U(D[s], stride=(2 if i == 1 else 1))
    return x
    claim params == 30*D[1] + 10*D[1]*D[2] + 9*(L[1] - 1)*D[1]^2 + 9*(L[2] - 1)*D[2]^2
    claim params == sum(s, 1, 2, 9*L[s]*D[s]^2)
""",
        "+-",
    ),
    "square 3": (
        """\
block A(x: [n, d], side):
    require n == side^2
    x = x -> rearrange("(a b) d -> d a b", a=side, b=side)
    return x -> conv2d(d, kernel=3, padding=1, bias=false)
    claim macs == 9*n*d^2
    claim macs == 9*side^2*d^2
""",
        "++",
    ),
    "listed divisibility": (
        """\
dim k, R
assume R | k
block A(x: [n], r, k):
    require r | k
    return x -> linear(r*floor(k/r), bias=false)
    claim params == n*k
model M(x: [k]):
    return x -> linear(R*floor(k/R), bias=false)
    claim params == k^2
""",
        "++",
    ),
    "ceil of listed": (
        """\
dim k, R
assume R | k
model M(x: [k]):
    return x -> linear(ceil(k/R), bias=false)
    claim params == k^2/R
""",
        "+",
    ),
    "maybe zero width concat": (
        """\
dim E >= 0, D
model M(x: [D]):
    return x -> linear(D + E, bias=false)
    claim params == D*(D + E)
preset "z": E=0, D=4
    expect params = 16
""",
        "++",
    ),
    "model parameter by preset": (
        """\
dim D
model M(x: [D], gated=true, depth=2):
    repeat depth:
        x = x -> linear(D, bias=false)
    if gated:
        x = x -> linear(D, bias=true)
    return x
preset "a": D=3, gated=false, depth=5
    expect params = 45
preset "b": D=3
    expect params = 30
""",
        "++",
    ),
    "same padding 1d": (
        """\
dim T
model M(x: [8, T]):
    x = x -> conv1d(8, kernel=5, stride=2, padding="same", bias=false)
    return x
    claim macs == 5*64*ceil(T/2)
""",
        "+",
    ),
    "cond shape": (
        """\
dim r, D, N
model M(x: [N, D]):
    y = x
    if r > 1:
        y = x -> linear(2*D) -> linear(D)
    else:
        y = x -> linear(D)
    return x + y
    claim macs == N*D^2*(1 + 3*[r > 1])
""",
        "+",
    ),
    "sums by assume 3": (
        """\
dim A, B, C, H, D
assume A + B + C == H, H | D
model M(x: [D]):
    a, b, c = split(x, [D*A/H, D*B/H, D*C/H], axis=0)
    y = concat(a, b, c, axis=0)
    return x + y -> linear(D, bias=false)
    claim params == D^2
""",
        "+",
    ),
    "divides positive": (
        """\
dim G, L, D
assume G | L
model M(x: [D]):
    repeat L/G - 1:
        x = x -> linear(D, bias=false)
    return x
    claim params == (L/G - 1)*D^2
""",
        "+",
    ),
    "min when 3": (
        """\
block A(x: [n, d], w):
    return x -> linear(min(n, 2*w), bias=false)
    claim params == 2*d*w when n == 2*w
    claim params == d*n when n <= w
    claim params == 2*d*w when n >= 3*w
    claim params == d*n
""",
        "+++-",
    ),
    "indicator products": (
        """\
block A(x: [d], r, k):
    if r > 1 and k > 2:
        x = x -> linear(d, bias=false)
    return x -> linear(d, bias=false)
    claim params == d^2*(1 + [r > 1]*[k > 2])
    claim params == d^2*(2 - [r <= 1] - [k <= 2] + [r <= 1]*[k <= 2])
    claim params == d^2 + d^2*[r > 1]
""",
        "++-",
    ),
    "floor ceil laws": (
        """\
block A(x: [d], n, p):
    return x -> linear(ceil(n/p) + 3, bias=false)
    claim params == d*(3 - floor(-n/p))
    claim params == d*(floor((n + p - 1)/p) + 3)
    claim params == d*(floor(n/p) + 4)
""",
        "++-",
    ),
    "max min sum": (
        """\
block A(x: [d], n, w):
    return x -> linear(max(n, w) + min(n, w), bias=false)
    claim params == d*(n + w)
    claim params >= d*n
    claim params > d*n
    claim params < d*max(n,w)*2 + d
""",
        "++++",
    ),
    "groebner": (
        """\
block A(x: [d], a, b, c):
    require a*b == c, c == d
    return x -> linear(a*b, bias=false)
    claim params == c^2
    claim params == a^2*b^2
    claim params == a*b*d
""",
        "+++",
    ),
    "sum claim": (
        """\
dim C[3], L[3]
model M(x: [C[1]]):
    for s in 1..3:
        x = x -> linear(C[s], bias=false)
        repeat L[s]:
            x = x -> linear(C[s], bias=false)
    return x
    claim params == C[1]^2 + sum(s, 2, 3, C[s-1]*C[s]) + sum(s, 1, 3, L[s]*C[s]^2)
    claim params == C[1]^2 + sum_(s=2..3) C[s-1]*C[s] + sum_(s=1..3) L[s]*C[s]^2
""",
        "++",
    ),
    "two models share body named": (
        """\
dim I, P, D, K
let N = (I/P)^2
assume P | I
block Body(x: [n, d]):
    return x -> linear(d, bias=false)
block Pat(x: [c; h, w], p, d):
    x = x -> conv2d(d, kernel=p, stride=p, bias=false)
    return x -> rearrange("d h w -> (h w) d")
model A(x: [3, I, I]):
    return x -> Pat(P, D) -> Body
    claim macs == 3*N*P^2*D + N*D^2
model B(x: [3, I, I]):
    return x -> Pat(P, D) -> Body -> Body
    claim macs == 3*I^2*D + 2*N*D^2
""",
        "++",
    ),
    "table with expressions": (
        """\
dim W = 8
dim D, K:
    W, 3
    2*W, 5
model M(x: [4, W, W]):
    for s in 1..2:
        x = x -> conv2d(D[s], kernel=K[s], padding="same", bias=false)
    return x
preset "p":
    expect params = 4*8*9 + 8*16*25
preset "q": W=2
    expect params = 4*2*9 + 2*4*25
""",
        "++",
    ),
    "claim with when on model": (
        """\
dim D, r
model M(x: [D]):
    if r > 1:
        x = x -> linear(D, bias=false)
    return x
    claim params == D^2 when r > 1
    claim params == 0 when r == 1
    claim params == D^2*[r >= 2]
    claim params == D^2
""",
        "+++-",
    ),
    "head when": (
        """\
block A(x: [n, d], h, e):
    return x -> linear(h*e, bias=false)
    claim params == d^2 when h*e == d
    claim params <= d^2 when h*e <= d
    claim params == d^2 when h == d/e, e | d
    claim params < d^2 when h*e <= d
""",
        "+++-",
    ),
    "number of divisors": (
        """\
dim L, P, D
model M(x: [D]):
    for i in 1..L:
        if P | i:
            x = x -> linear(D, bias=false)
    return x
    claim params == floor(L/P)*D^2
    claim params == ceil(L/P)*D^2
    claim params == L*D^2/P when P | L
""",
        "+-+",
    ),
    "i mod offset": (
        """\
dim L, P, D
model M(x: [D]):
    for i in 1..L:
        if P | (i - 1):
            x = x -> linear(D, bias=false)
    return x
    claim params == ceil(L/P)*D^2
""",
        "+",
    ),
    "abs max": (
        """\
dim n, p
model M(x: [n]):
    return x -> linear(max(n, p) - min(n, p) + 1, bias=false)
    claim params == n*(n - p + 1) when n >= p
    claim params == n*((n - p)*[n > p] + (p - n)*[n <= p] + 1)
    claim params == n
""",
        "++-",
    ),
    "floor floor": (
        """\
dim n, p, q
model M(x: [n]):
    return x -> linear(floor(floor(n/p)/q) + 1, bias=false)
    claim params == n*(floor(n/(p*q)) + 1)
    claim params <= n*(n/(p*q) + 1)
    claim params >= n*n/(p*q)
""",
        "+++",
    ),
    "gcd": (
        """\
dim a, b
model M(x: [a]):
    return x -> linear(gcd(a, b), bias=false)
    claim params <= a^2
    claim params == a^2 when a | b
    claim params == gcd(b, a)*a
    claim params == a
""",
        "+++-",
    ),
    "eq assumption equality": (
        """\
dim A, B, D
assume A == 2*B
model M(x: [D]):
    return x -> linear(A + B, bias=false)
    claim params == 3*B*D
    claim params == 3*A*D/2
    claim params == 3*A*D
""",
        "++-",
    ),
    "expect expression": (
        """\
dim D
model M(x: [D]):
    return x -> linear(D)
preset "p": D=10
    expect flops = 2*macs
    expect params = 110
    expect params ~ 0.1k
    expect params ~ 0.11k
    expect macs = 101
""",
        "++++-",
    ),
    "block model as block": (
        """\
dim N, D, L, K
model Back(x: [N, D]):
    repeat L:
        x = x -> linear(D, bias=false)
    return x
model Head(x: [N, D]):
    return x -> Back -> linear(K, bias=false)
    claim params == L*D^2 + D*K
preset "p" of Head: N=2, D=3, L=4, K=5
    expect params = 51
""",
        "++",
    ),
    "order lists": (
        """\
dim N
dim D[2], H[2]
model M(x: [N, D[1]]):
    for s in 1..2:
        x = x -> linear(4*D[s]) -> linear(D[s])
    return x -> linear(D[1])
    claim params in O(D[1]^2) as D[1] grow
    claim params in O(D[1]) as D[1], N grow
    claim params in Theta(sum(s, 1, 2, D[s]^2)) as D grow
    claim params in Theta(D[1]^2) as D[1] grow when H | D
    claim params ~ 8*D[1]^2 as D[1] grow
    claim params == 17*D[1]^2 + 11*D[1] when D[1] == D[2]
    claim macs in O(N*params) as N, D grow
    claim macs in O(params) as N, D grow
""",
        "+-+++" + "++-",
    ),
    "order of sizes that may be 0": (
        """\
dim J >= 0
dim Q >= 0
dim N
model M(x: [3, N]):
    x = x -> linear(N, bias=false)
    repeat J:
        x = x -> linear(N, bias=false)
    return x
    claim params in O(J*N^2) as N grow
    claim params in O(J*N^2) as N, J grow
    claim params in O(J*N^2) as N grow when J > 0
    claim params ~ J*N^2 as N grow
    claim params in O(N^2) as N grow when Q == 0
    claim params in O(N) as N grow when Q == 0
    claim params in O(N) as N grow when Q == J
    claim params ~ J*N^2 as J grow when Q == 0
""",
        "-++-+--+",
    ),
    "laws of divisors, floors and maxima": (
        """\
block Floors(x: [i, d], p):
    require i >= p
    y = x -> rearrange("i d -> d i") -> maxpool1d(kernel=p, stride=p) -> rearrange("d i -> i d")
    s = einsum("i d, j d -> i j", y, y)
    return einsum("i j, j d -> i d", s, y)
    claim macs >= d
    claim macs >= 2*d
    claim macs >= 2*d*floor(i/p)
    claim macs >= 3*d
block G(x: [n], a, b, c):
    return x -> linear(a*b, bias=false)
    claim params <= n*c when a | c, b | c, gcd(a, b) == 1
    claim params <= n*c when gcd(a, b) == 1, a | c, b | c
    claim params <= n*c when a | c, b | c
    claim params == n*a^2 when a | b, b | a
    claim params == n*b when a | 1
    claim params <= 6*n*b when a | 6
    claim params <= 5*n*b when a | 6
    claim params*gcd(a + b, a - b) == params*gcd(2*a, a - b) when a > b
    claim params*gcd(a + b, a - b) == params*gcd(2*b, a - b) when a > b
    claim params*gcd(a + b, a - b) == params*gcd(a, a - b) when a > b
block H(x: [n, d], k):
    return x -> linear(floor(d/k) + floor(d/k + 1/2) + 1, bias=false)
    claim params == d*(floor(2*d/k) + 1)
    claim params == d*floor(2*d/k)
block H3(x: [n, d], k):
    return x -> linear(floor(d/k) + floor(d/k + 1/3) + floor(d/k + 2/3) + 1, bias=false)
    claim params == d*(floor(3*d/k) + 1)
block Mx(x: [n, D], w):
    return x -> linear(max(D, w), bias=false)
    claim params ~ D^2 as D grow
    claim params ~ D^2 as D, w grow
    claim params ~ D*w as w grow
    claim params ~ D^2 as D, w grow when w <= D
    claim params ~ 2*D^2 as D grow
""",
        "+++-" + "++-+++-++-" + "+-" + "+" + "+-++-",
    ),
    "powers of a number by induction": (
        """\
dim J >= 0
dim n, S, d
model E(x: [n]):
    return x -> linear(d*2^J, bias=false)
    claim params + n*d*J >= 2*n*d
    claim params + n*d*J >= 2*n*d when J > 0
    claim params >= n*d*J
model B(x: [n]):
    return x -> linear(d*2^S, bias=false)
    claim params >= n*d*S^2 when S >= 4
    claim params >= n*d*S^2
    claim params > n*d*S
    claim params >= n*d*(S^3 - 2) when S >= 10
    claim params > n*d*S^2 when S >= 4
""",
        "-++" + "+-++-",
    ),
    "products of roundings": (
        """\
block Down(x: [c, h, w], s):
    return x -> conv2d(c, kernel=1, stride=s, bias=false)
    claim macs <= h*w*c^2
    claim macs <= (h + s - 1)*(w + s - 1)*c^2/s^2
    claim macs <= (h + 1)*(w + 1)*c^2/4 when s == 2
    claim macs <= (h + s - 2)*(w + s - 1)*c^2/s^2
    claim macs <= h*w*c^2/2 when s >= 2
block Patches(x: [c, h, w], p):
    return x -> conv2d(c, kernel=p, stride=p, bias=false)
    claim macs <= h*w*c^2
    claim macs <= h*w*c^2 when p == 2
    claim macs < 2*h*w*c^2
    claim macs < h*w*c^2
""",
        "+++--" + "+++-",
    ),
    "products of roundings in cases": (
        """\
block Perhaps(x: [c, h, w], s):
    if s > 1:
        x = x -> conv2d(c, kernel=1, stride=s, bias=false)
    return x
    claim macs <= h*w*c^2
    claim macs <= h*w*c^2/s
block Else(x: [c, h, w], s):
    if s > 1:
        x = x -> conv2d(c, kernel=1, stride=s, bias=false)
    else:
        x = x -> conv2d(c, kernel=1, bias=false)
    return x
    claim macs <= h*w*c^2
    claim macs <= h*w*c^2 - s + 1
""",
        "+-+-",
    ),
    "several bounds at once": (
        """\
op mixed(x: [n, d], w, g) -> y: [n, d]:
    require w | n, g <= n
    mac = n*d^2 + g*d^2 + n*w*d + n*g*d
block G(x: [n, d], w, g):
    return x -> mixed(w, g)
    claim macs <= 2*n*d^2 + 2*n^2*d
    claim macs <= 2*n*d^2 + 2*n^2*d - 1
    claim macs <= 2*n*d^2 + n^2*d
""",
        "+--",
    ),
    "one large size": (
        """\
dim W
dim K = 1000
dim I
assume 32 | I
model M(x: [W, I, I]):
    return x -> conv2d(W, kernel=1, bias=false) -> global_avgpool -> linear(K, bias=false)
    claim macs <= 2*I^2*W^2 when W >= 2
    claim macs <= W^2*I^2 + W^2*K
    claim macs <= W^2*I^2 + 40*W + W^2*K when W >= 2
    claim macs <= 2*I^2*W^2 when W >= 2, K <= 1000
""",
        "-++" + "+",
    ),
    "sizes that the file names": (
        """\
dim n
dim K = 1000
dim J = 37
model M(x: [n, K]):
    return x -> linear(J, bias=false)
    claim macs == n*K*J + max(0, K - 999)*max(0, J - 36)*max(0, 1001 - K)*max(0, 38 - J)
    claim macs >= n*K*J + max(0, n - 649)*max(0, 651 - n)
preset "one" of M:
    n = 650
""",
        "--",
    ),
    "zero log": (
        """\
dim s
model M(x: [2^s]):
    return x -> linear(log(2^s, 2) + 1, bias=false)
    claim params == 2^s*(s + 1)
""",
        "+",
    ),
    "sizes that others tell are sizes": (
        """\
dim a, b, c, t
dim W[3]
dim z >= 0
ratio u
model D(x: [a]):
    return x -> linear(1, bias=false)
    claim params > b when c == a - b
    claim params >= b + 1 when c == a - b, c >= 1
    claim params > b when c == a - b, c != 0
    claim params >= b when c == a/b
    claim params >= b when c == floor(a/b)
    claim params >= 2*b when c == floor(a/b), c > 1
    claim params >= 3 when c == a - 1, 2 | c
    claim params > 2 when c == a - 1, t == c, t > 1
    claim params >= b when z == a - b
    claim params > b when u == a - b
    claim params*b == a*[b | a]*b when c == a/b
    claim params == 4*c when t == a/4, c == t
    claim params > b + 1 when c == a - b
    claim params > b when z == a - b
    claim params >= 2*b when c == a/b
    claim params == 2*c when c == a/2, 3 | c, t == c - 1
    claim params > 2*b when c == floor(a/b), c > 1
model K(x: [W[1]]):
    return x -> linear(1, bias=false)
    claim params > W[2] when W[3] == W[1] - W[2]
    claim params > W[2] + 1 when W[3] == W[1] - W[2]
""",
        "++++++++++++---+-+-",
    ),
    "an assumption tells a size": (
        """\
dim a, b, c
assume c == a - b
model M(x: [a]):
    return x -> linear(1, bias=false)
    claim params > b
    claim params > b when c > 2
    claim params > b + 2 when c > 2
    claim params > b + 1
""",
        "+++-",
    ),
    "0 divides nothing": (
        """\
dim D
dim J >= 0
model M(x: [D]):
    return x -> linear(1, bias=false)
    claim params*[0 | D] == 0
    claim params*[0 | J] == 0
    claim params*[0 | 0] == 0
    claim params*[J | J] == D*[J > 0]
    claim params*[J | 0] == D*[J > 0]
    claim params*[J | D*J] == D*[J > 0]
    claim params*[D | J*D] == D
    claim params*[D | 0] == D
    claim params*[J | J] == D when J > 0
    claim params*[J | 2*J] == D when J | D
    claim params >= J when J | D
    claim params*[J | 0] == D
    claim params*[J | J] == D
    claim params*[J | 2*J] == D
    claim params*[J | D*J] == D
""",
        "+++++++++++----",
    ),
}

SIGNS = {"Proved": "+", "NotDecided": "?", "Refuted": "-", "Outgrown": "-", "Apart": "-"}


@pytest.mark.parametrize("name", FILES)
def test_verdicts_of_a_small_file(name: str) -> None:
    """Fails when a right file is refused, a true claim not proved, or a false one not refuted."""
    text, verdicts = FILES[name]
    outcome = check(loads(text)._project)
    assert "".join(SIGNS.get(type(c.verdict).__name__, "?") for c in outcome.checked) == verdicts
    assert len(outcome.wrong) == verdicts.count("-")
    assert outcome.lacking == ()


# A count of a shared repeat that may be 0, and what a claim then rests on.
COUNTS = {
    "floor(r/2)": ["floor(r/2) >= 1"],
    "ceil(r/2)": [],
    "(r - 1)": ["r >= 2"],
    "k": ["k >= 1"],
    "J": ["J >= 1"],
    "min(r, q - 1)": ["min(r, q - 1) >= 1"],
    "max(r - 1, q)": [],
    "max(r - 1, q - 1)": ["max(q - 1, r - 1) >= 1"],
    "(r - m)": ["m + 1 <= r"],
    "(u - l)": ["l < u"],
    "(A[2] - 1)": ["A_2 >= 2"],
    "S[1]": ["S_1 >= 1"],
    "3": [],
}


@pytest.mark.parametrize("count", COUNTS)
def test_shared_weights_need_a_step(count: str) -> None:
    """Fails when weights that are shared count once where there may be no step, and nobody says."""
    text = f"""\
dim r, q, m, l, u, d, A[3]
dim J >= 0
dim S[2] >= 0
let k = q - 1
assume m <= r, l < u
model M(y: [d]):
    repeat {count} shared:
        y = y -> linear(d)
    return y
    claim params == d^2 + d
"""
    outcome = check(loads(text)._project)
    assert [[str(fact) for fact in checked.facts] for checked in outcome.checked] == [COUNTS[count]]
    assert outcome.wrong == []


def test_shared_weights_without_a_step() -> None:
    """Fails when a shared repeat of no step has weights."""
    text = """\
dim d
model M(y: [d]):
    repeat 0 shared:
        y = y -> linear(d)
    return y
"""
    with pytest.raises(ClosedformError) as caught:
        str(loads(text).params)
    message = "the weights of a shared repeat count once, and this is no step"
    assert [d.message for d in caught.value.diagnostics] == [message]


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ("i - 1", "the weights of a shared repeat count once, and this is no step for some i"),
        ("floor(i/2)", "the weights of a shared repeat count once, and this is no step for some i"),
        ("i", None),
        ("floor(L/i)", None),
    ],
)
def test_a_shared_repeat_in_a_loop_has_a_step_each_time(count: str, message: str | None) -> None:
    """Fails when weights are counted of a step that does not use them."""
    text = f"""\
block B(x: [n, d], L):
    y = x
    for i in 1..L:
        repeat {count} shared:
            y = y -> linear(d)
    return y
"""
    if message is None:
        assert str(loads(text)["B"].params) == "L d^2 + L d"
        return
    with pytest.raises(ClosedformError) as caught:
        str(loads(text)["B"].params)
    assert [d.message for d in caught.value.diagnostics] == [message]


# What is claimed under a condition on other sizes, and what is said of it.
APART = {
    "N == 2*K": "Refuted",
    "N^2 == 2*K^2": "NotDecided",
    "N^2 == 3*K + 2": "NotDecided",
    "2^K == 3*N": "NotDecided",
}


@pytest.mark.parametrize("condition", APART)
def test_no_sizes_are_outside_of_what_is_asked(condition: str) -> None:
    """Fails when a claim is refuted under a condition that no sizes were seen to satisfy."""
    text = f"""\
dim N, D, K
model M(x: [N, D]):
    return x -> linear(D, bias=false)
    claim params == 5 when {condition}
"""
    (checked,) = check(loads(text)._project).checked
    assert type(checked.verdict).__name__ == APART[condition]


# What tells a size by others, and what leaves no size for it.
NO_SIZE = {
    "K == N - 1": "N == 1",
    "K == D - N": "D <= N",
    "K == N/D": "N < D",
    "K == floor(N/D)": "N < D",
    "K == N/2": "N == 3",
}


@pytest.mark.parametrize("told", NO_SIZE)
def test_no_size_is_0_or_a_fraction(told: str) -> None:
    """Fails when a size that others tell may be 0, or half a number."""
    text = f"""\
dim N, D, K
model M(x: [N, D]):
    return x -> linear(D, bias=false)
    claim params == 5 when {told}, {NO_SIZE[told]}
"""
    (wrong,) = check(loads(text)._project).wrong
    assert wrong.message == "this condition can never hold with the others"
    assert wrong.notes == (f"`{told}` is a condition of the claim",)


def test_sizes_of_conditions_are_told() -> None:
    """Fails when a refutation leaves out a size of its condition."""
    text = """\
dim D, a
model M(x: [D]):
    return x -> linear(D, bias=false)
    claim params == 1 when a < D
"""
    (checked,) = check(loads(text)._project).checked
    assert isinstance(checked.verdict, Refuted)
    assert {str(s): n for s, n in checked.verdict.sizes.items()} == {"D": 2, "a": 1}


def test_sizes_that_a_model_names_are_told() -> None:
    """Fails when what is derived has a symbol of which nobody says what it is."""
    text = """\
dim I, C
assume 2 | I
model M(x: [3, I, I]):
    x = x -> conv2d(C, kernel=2, stride=2, bias=false)
    x: [_, m, _]
    return x -> conv2d(C, kernel=1, bias=false)
    claim macs == I^2*C^2
"""
    outcome = check(loads(text)._project)
    (wrong,) = outcome.wrong
    assert wrong.message == "macs of `M` is m^2 C (C + 12), and the claim says I^2 C^2"
    assert wrong.notes[0] == "where m = I/2"


# What a claim of a quotient shows where it fails, with F = 64 by default.
FAR = {
    "params ~ (2*F^2 + F)*R^2 as R grow": "at F = 1, R = 1000: 2009000 derived, 3000000 claimed",
    "params ~ 3*F^2*R^2 as R grow": "at F = 64, R = 1000: 8228864000 derived, 12288000000 claimed",
    "params ~ 3*F^2*R^2 as R grow when R >= 2000": (
        "at F = 64, R = 1000000: 8192036864000000 derived, 12288000000000000 claimed"
    ),
    "params ~ 3*F^2*R^2 as R grow when 7 | R": (
        "at F = 1, R = 7168: 102824960 derived, 154140672 claimed"
    ),
}


@pytest.mark.parametrize("claim", FAR)
def test_numbers_show_that_a_quotient_does_not_approach_1(claim: str) -> None:
    """Fails when there are none, or when they show next to no difference."""
    text = f"""\
dim F = 64
dim R, w
model M(x: [F, w, w]):
    repeat R:
        x = x -> conv2d(F, kernel=3, padding=1, bias=false) -> conv2d(F*R, kernel=1, bias=false)
        x = x -> conv2d(F, kernel=1, bias=false)
    return x
    claim {claim}
"""
    (wrong,) = check(loads(text)._project).wrong
    assert FAR[claim] in wrong.notes


@pytest.mark.slow
def test_a_limit_with_an_index_of_many_values() -> None:
    """Fails when a direction along which a loop has a number of steps of thousands of digits is an
    error of limits."""
    text = """\
dim T, R, J
model M(x: [R, T]):
    for i in 1..J:
        x = x -> conv1d(R, kernel=2, bias=false)
    return x
    claim macs ~ 2*J*T*R^2 as J, T grow
    claim params == 2*J*R^2
"""
    outcome = check(loads(text)._project)
    assert [checked.verdict.word for checked in outcome.checked][1] == "proved"
    assert [wrong.kind for wrong in outcome.wrong] in (["undecided"], ["claim"])
