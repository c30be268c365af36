import { type Field, type ObjectType, resolved, type Type } from '../builder.js';

/** What stands under one tag of a message: a field, or a wrapping message whose fields are flat in JSON. */
export type WireField =
  | { readonly is: 'field'; readonly name: string; readonly type: Exclude<Type, { is: 'lazy' }> }
  | { readonly is: 'group'; readonly message: WireMessage };
export type WireMessage = ReadonlyMap<number, WireField>;

const plans = new WeakMap<ObjectType<unknown>, WireMessage>();

/** A type as its protobuf message, compiled once. */
export function wireMessage(type: ObjectType<unknown>): WireMessage {
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = build(
      Object.entries(type.fields).map(([name, field]) => ({ name, field, outer: field.options.inline ?? [] })),
    );
    plans.set(type, plan);
  }
  return plan;
}

interface Placed {
  readonly name: string;
  readonly field: Field;
  /** Tags of the wrapping messages that are still around the field. */
  readonly outer: readonly number[];
}

function build(placed: readonly Placed[]): WireMessage {
  const message = new Map<number, WireField>();
  const groups = new Map<number, Placed[]>();
  for (const { name, field, outer } of placed) {
    const [first, ...deeper] = outer;
    if (first !== undefined) groups.set(first, [...(groups.get(first) ?? []), { name, field, outer: deeper }]);
    else if (field.tag > 0) message.set(field.tag, { is: 'field', name, type: resolved(field.type) });
  }
  for (const [tag, members] of groups) message.set(tag, { is: 'group', message: build(members) });
  return new Map([...message].sort(([a], [b]) => a - b));
}
