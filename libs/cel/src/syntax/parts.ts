import type { Expression } from './ast.js';

/** Visits a node, and what is in it when the visitor says so. */
export function walk(node: Expression, visit: (node: Expression) => boolean): void {
  if (visit(node)) for (const part of partsOf(node)) walk(part, visit);
}
export function partsOf(node: Expression): readonly Expression[] {
  switch (node.node) {
    case 'constant':
    case 'ident':
      return [];
    case 'select':
      return [node.operand];
    case 'call':
      return node.target ? [node.target, ...node.args] : node.args;
    case 'list':
      return node.elements;
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return node.fields.map(({ value }) => value);
    case 'fold':
      return [node.range, node.start, node.condition, node.step, node.result];
  }
}
