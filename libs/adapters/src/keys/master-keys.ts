import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Fault, type Instant } from '#std';
import { KeyRing, type Generation } from './key-ring.js';
import { signerOf } from './key-schedule.js';
import type { KeyStore } from './key-store.js';

const NAMES = { folder: 'master', legacy: 'master.key' };
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

type Random = (bytes: number) => Buffer;

interface MasterKey {
  readonly generation: Generation;
  readonly key: Buffer;
}

/** The master keys: the one in force wraps the keys of objects, those before it open what they wrapped until that is wrapped anew. */
export class MasterKeys {
  readonly #ring: KeyRing;
  #keys: readonly MasterKey[] = [];
  #state = '';

  constructor(
    store: KeyStore,
    private readonly now: () => Instant,
    private readonly random: Random = randomBytes,
  ) {
    this.#ring = new KeyRing(store, NAMES);
    if (this.#ring.list().length === 0) this.add({ made: now(), signs: now(), by: 'schedule' });
    else this.refresh();
  }

  get generations(): readonly Generation[] {
    return this.#keys.map(({ generation }) => generation);
  }
  /** Number of the one that wraps. */
  get current(): number {
    return this.#current().generation.number;
  }

  /** Takes in what other processes have changed. */
  refresh(): void {
    const state = this.#ring.state();
    if (state === this.#state && this.#keys.length > 0) return;
    this.#keys = this.#ring.list().map((generation) => ({ generation, key: keyOf(generation) }));
    this.#state = state;
  }

  add(generation: Omit<Generation, 'number' | 'body'>): Generation {
    const last = this.#keys.at(-1)?.generation.number ?? 0;
    const added = this.#ring.addAfter(last, { ...generation, body: `${this.random(KEY_BYTES).toString('base64')}\n` });
    this.refresh();
    return added;
  }

  drop(number: number): void {
    this.#ring.drop(number);
    this.#state = '';
    this.refresh();
  }

  /** Wraps an object's key, which is bound to the object. */
  wrap(key: Buffer, bound: string): string {
    return encrypt(this.#current().key, this.random(IV_BYTES), key, bound).toString('base64');
  }

  /**
   * Opens what any of the master keys wrapped, and says which one it was. Undefined when none did: the text was altered, or is
   * of another key store.
   */
  unwrap(wrapped: string, bound: string): { readonly key: Buffer; readonly number: number } | undefined {
    const bytes = Buffer.from(wrapped, 'base64');
    const known = this.#unwrapByKnown(bytes, bound);
    if (known !== undefined) return known;
    // Another process may have a new master key in use.
    this.refresh();
    return this.#unwrapByKnown(bytes, bound);
  }

  #unwrapByKnown(bytes: Buffer, bound: string): { readonly key: Buffer; readonly number: number } | undefined {
    for (const { key, generation } of this.#keys.toReversed()) {
      const opened = decrypt(key, bytes, bound);
      if (opened !== undefined) return { key: opened, number: generation.number };
    }
    return undefined;
  }

  #current(): MasterKey {
    const found = this.#keys[signerOf(this.generations, this.now())];
    if (found === undefined) throw new Fault("the key store's master key is missing: restore it from a backup", false);
    return found;
  }
}

function keyOf({ number, body }: Generation): Buffer {
  const key = Buffer.from(body.trim(), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new Fault(`the key store's master key ${number} is damaged: restore it from a backup`, false);
}

export function encrypt(key: Buffer, iv: Buffer, clear: Buffer, bound: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(bound, 'utf8'));
  const body = Buffer.concat([cipher.update(clear), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Undefined when it was altered, or encrypted with another key or for something else. */
export function decrypt(key: Buffer, sealed: Buffer, bound: string): Buffer | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}
