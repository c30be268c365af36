export * from './builder.js';
export { canonicalQuantity } from './canonical-quantity.js';
export { decode, type Decoded, zeroOf } from './decode.js';
export { canonicalMicroTime, canonicalTime } from './go-time.js';
export { unknownFields } from './unknown-fields.js';
