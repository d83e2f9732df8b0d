/**
 * Decimal arithmetic on money without rounding. The library's own default keeps 20 digits of a
 * result, which the product of a price, a size and a rate already exceeds.
 */
import { Decimal } from 'decimal.js';

/** Sums, differences and products of wire amounts are exact; only a quotient may be cut. */
export const Exact = Decimal.clone({ precision: 400 });
export type Exact = Decimal;
