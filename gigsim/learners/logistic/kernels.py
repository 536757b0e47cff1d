"""The kernel itself; imported where numba is installed only (``compiled``)."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from gigsim.learners.logistic.compiled import VECTORS, WIDTH

#: Nonzeros that the block's rows are fetched ahead of their use.
AHEAD = 16


def _row_kernel(vectors: int) -> Any:
    """A numba intrinsic for one row and ``vectors`` vectors of columns."""

    @intrinsic
    def row(  # type: ignore[no-untyped-def]
        typing, indices, data, block, out, first, last, number, column
    ):
        signature = types.void(indices, data, block, out, first, last, number, column)

        def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
            arrays = [
                context.make_array(kind)(context, builder, value)
                for kind, value in zip(signature.args[:4], values[:4], strict=True)
            ]
            index_at, data_at, block_at, out_at = (array.data for array in arrays)
            start, stop, own, offset = values[4:]
            scalar = data_at.type.pointee
            vector = ir.VectorType(scalar, WIDTH)
            size = context.get_abi_sizeof(scalar)
            width = cgutils.unpack_tuple(builder, arrays[2].shape)[1]

            def place(base, row, number):  # type: ignore[no-untyped-def]
                spot = builder.add(builder.mul(row, width), offset)
                spot = builder.add(spot, ir.Constant(spot.type, number * WIDTH))
                return builder.bitcast(builder.gep(base, [spot]), vector.as_pointer())

            one, byte, number = ir.Constant(start.type, 1), ir.IntType(8), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), number, number, number])
            prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
            # To be read, kept near, data.
            hints = [ir.Constant(number, value) for value in (0, 3, 1)]
            enter = builder.append_basic_block("row")
            loop = builder.append_basic_block("nonzeros")
            after = builder.append_basic_block("done")
            builder.cbranch(builder.icmp_signed("<", start, stop), enter, after)
            builder.position_at_end(enter)
            begun = [builder.load(place(out_at, own, i), align=size) for i in range(vectors)]
            builder.branch(loop)
            builder.position_at_end(loop)
            at = builder.phi(start.type)
            at.add_incoming(start, enter)
            totals = [builder.phi(vector) for _ in range(vectors)]
            index = builder.sext(builder.load(builder.gep(index_at, [at])), start.type)
            single = builder.insert_element(
                ir.Constant(vector, ir.Undefined),
                builder.load(builder.gep(data_at, [at])),
                ir.Constant(ir.IntType(32), 0),
            )
            mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
            value = builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), mask)
            # What stands AHEAD nonzeros further on is on its way while these are added.
            ahead = builder.add(at, ir.Constant(at.type, AHEAD))
            ahead = builder.select(
                builder.icmp_signed("<", ahead, stop), ahead, builder.sub(stop, one)
            )
            far = builder.sext(builder.load(builder.gep(index_at, [ahead])), start.type)
            for i in range(vectors):
                address = builder.bitcast(place(block_at, far, i), byte.as_pointer())
                builder.call(prefetch, [address, *hints])
            new = []
            for i, total in enumerate(totals):
                term = builder.fmul(value, builder.load(place(block_at, index, i), align=size))
                new.append(builder.fadd(total, term))
            following = builder.add(at, one)
            at.add_incoming(following, loop)
            for i in range(vectors):
                totals[i].add_incoming(begun[i], enter)
                totals[i].add_incoming(new[i], loop)
            leave = builder.append_basic_block("sums")
            builder.cbranch(builder.icmp_signed("<", following, stop), loop, leave)
            builder.position_at_end(leave)
            for i in range(vectors):
                builder.store(new[i], place(out_at, own, i), align=size)
            builder.branch(after)
            builder.position_at_end(after)
            return context.get_dummy_value()

        return signature, generate

    return row


_ROWS = [_row_kernel(vectors) for vectors in range(1, VECTORS + 1)]
_one, _two, _three, _four = _ROWS


def compile_kernel(function: Any) -> Any:
    """Compile without the interpreter's lock, and keep the outcome where that can be written."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError as error:
        # Neither this folder nor the user's cache can be written: compiled by each process then.
        if "cannot cache function" not in str(error):
            raise
        return numba.njit(nogil=True)(function)


@compile_kernel
def multiply(indptr, indices, data, block, out, first, last):  # type: ignore[no-untyped-def]
    """Add rows ``first`` to ``last`` of a CSR matrix times a block to ``out``; see ``compiled``."""
    width = block.shape[1]
    column = 0
    while column < width:
        left = (width - column) // WIDTH
        for row in range(first, last):
            a, b = numba.int64(indptr[row]), numba.int64(indptr[row + 1])
            number, offset = numba.int64(row), numba.int64(column)
            if left >= 4:
                _four(indices, data, block, out, a, b, number, offset)
            elif left == 3:
                _three(indices, data, block, out, a, b, number, offset)
            elif left == 2:
                _two(indices, data, block, out, a, b, number, offset)
            else:
                _one(indices, data, block, out, a, b, number, offset)
        column += min(left, 4) * WIDTH
