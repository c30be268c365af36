import type { Model } from './linearizable.js';

/** What a client did to one object that holds one value, and how it was answered. */
export type RegisterOperation =
  | { readonly is: 'read'; readonly saw: string | undefined }
  | { readonly is: 'create'; readonly value: string; readonly outcome: 'done' | 'exists' | 'unknown' }
  | {
      readonly is: 'write';
      readonly value: string;
      /** The value that the stated resourceVersion had. */
      readonly expects?: string;
      readonly outcome: 'done' | 'unchanged' | 'absent' | 'conflict' | 'unknown';
    }
  | { readonly is: 'delete'; readonly outcome: 'done' | 'absent' | 'unknown' };

/** `undefined` would say that a step is impossible, so an object that is not there is `absent`. */
export type RegisterState = { readonly value: string } | 'absent';

/** One object of the API as its clients may see it: a value, or nothing. */
export const register: Model<RegisterState, RegisterOperation> = {
  initial: 'absent',
  step(state, op) {
    const value = state === 'absent' ? undefined : state.value;
    switch (op.is) {
      case 'read':
        return op.saw === value ? state : undefined;
      case 'create':
        if (op.outcome === 'exists') return value === undefined ? undefined : state;
        if (value === undefined) return { value: op.value };
        return op.outcome === 'unknown' ? state : undefined;
      case 'write':
        return written(state, op);
      case 'delete':
        if (op.outcome === 'absent') return value === undefined ? state : undefined;
        if (value === undefined) return op.outcome === 'unknown' ? state : undefined;
        return 'absent';
    }
  },
  keyOf: (state) => (state === 'absent' ? '' : `=${state.value}`),
};

function written(
  state: RegisterState,
  op: Extract<RegisterOperation, { readonly is: 'write' }>,
): RegisterState | undefined {
  const value = state === 'absent' ? undefined : state.value;
  const isExpected = op.expects === undefined || op.expects === value;
  switch (op.outcome) {
    case 'absent':
      return value === undefined ? state : undefined;
    case 'conflict':
      return value !== undefined && !isExpected ? state : undefined;
    case 'unchanged':
      return value === op.value && isExpected ? state : undefined;
    case 'unknown':
      return value !== undefined && isExpected ? { value: op.value } : state;
    case 'done':
      return value !== undefined && isExpected ? { value: op.value } : undefined;
  }
}
