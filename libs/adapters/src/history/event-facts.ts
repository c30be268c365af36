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
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return factsOfChange(bytes) ?? factsOfAll(bytes);
}

/** As the text was appended. */
interface StoredText {
  readonly type: string;
  readonly data: { readonly object?: object; readonly snapshot?: object };
  readonly metadata: { readonly epoch: number };
}

const METADATA = Buffer.from(',"metadata":{"epoch":');
const WHOLE = ['"object":', '"snapshot":', '"type":"Deleted"'].map((text) => Buffer.from(text));

/** Most events are changes: neither the words of a whole object nor of an end are in them, so only their metadata is parsed. */
function factsOfChange(bytes: Buffer): EventFacts | undefined {
  const at = bytes.lastIndexOf(METADATA);
  if (at < 0 || WHOLE.some((word) => bytes.includes(word))) return undefined;
  try {
    const { metadata } = JSON.parse(`{${bytes.toString('utf8', at + 1)}`) as Pick<StoredText, 'metadata'>;
    return { life: LIFE.changes, epoch: metadata.epoch };
  } catch {
    // These words stand within the metadata once more: cut there, nothing is JSON.
    return undefined;
  }
}

function factsOfAll(bytes: Buffer): EventFacts {
  const { type, data, metadata } = JSON.parse(bytes.toString('utf8')) as StoredText;
  return { life: lifeIn(type, data), epoch: metadata.epoch };
}

function lifeIn(type: string, data: StoredText['data']): Life {
  if (type === 'Deleted') return LIFE.ends;
  if (data.object !== undefined) return LIFE.begins;
  return data.snapshot === undefined ? LIFE.changes : LIFE.snapshot;
}
