import type { Constant } from '../syntax/ast.js';
import { Uint, type Value } from './values.js';

export function constantValue(constant: Constant): Value {
  switch (constant.is) {
    case 'null':
      return null;
    case 'uint':
      return new Uint(constant.value);
    default:
      return constant.value;
  }
}
