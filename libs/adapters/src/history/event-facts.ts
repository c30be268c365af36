/** What an event does to the life of its object. */
export const LIFE = {
  /** A change of an object. */
  changes: 0,
  /** It has the whole object beside its change, so that reading may begin with it. */
  snapshot: 1,
  /** It has the whole object, whatever was before. */
  begins: 2,
  ends: 3,
} as const;
export type Life = (typeof LIFE)[keyof typeof LIFE];

export interface EventFacts {
  readonly life: Life;
  /** The writer's term. */
  readonly epoch: number;
}

/** Reads what the index needs to know of an event out of its JSON text. */
export function factsOf(raw: Uint8Array): EventFacts {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  const { type, data, metadata } = JSON.parse(text) as StoredText;
  return { life: lifeIn(type, data), epoch: metadata.epoch };
}

/** As the text was appended. */
interface StoredText {
  readonly type: string;
  readonly data: { readonly object?: object; readonly snapshot?: object };
  readonly metadata: { readonly epoch: number };
}

function lifeIn(type: string, data: StoredText['data']): Life {
  if (type === 'Deleted') return LIFE.ends;
  if (data.object !== undefined) return LIFE.begins;
  return data.snapshot === undefined ? LIFE.changes : LIFE.snapshot;
}
