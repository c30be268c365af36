import { randomBytes } from 'node:crypto';
import type { ObjectKey as StoredObjectKey } from '#ports';
import { Fault, type Instant } from '#std';
import type { KeyStore } from './key-store.js';
import { decrypt, encrypt, IV_BYTES, TAG_BYTES, type MasterKeys } from './master-keys.js';
import { VersionKeys } from './version-keys.js';

const FOLDER = 'objects';
const DELETIONS = 'deleted-objects';
const ID_BYTES = 8;
const VERSION_BYTES = 4;
/** Object keys that are looked at before others get the thread; each one that is written has waited for the disk. */
const LOOKS_AT_ONCE = 50;
/** First byte of everything sealed here, so that a later format can be told apart. */
const FORMAT = 2;
/** Format of older builds: sealed with the root of the object's keys, whatever the version. */
const FORMAT_OF_ROOT = 1;

/** A Secret's text was changed after it was sealed, or the key store is not the one it was sealed with. */
export class SealBroken extends Fault {
  override readonly name = 'SealBroken';
  constructor(objectUid: string, options?: { cause?: unknown }) {
    super(
      `what was sealed for object ${objectUid} was altered, or the key store is not the one that sealed it`,
      false,
      options,
    );
  }
}

interface ObjectKey {
  /** The file that it was read from. */
  readonly text: string;
  readonly id: Buffer;
  readonly keys: VersionKeys;
}

/**
 * Seals the values of single objects, each version of them with a key of its own; the object's keys are derived from one
 * secret, which the master key wraps. Deleting that secret makes everything ever sealed for the object unreadable, wherever
 * copies of it lie; replacing it by one that gives later versions only does so for the earlier ones.
 */
export class ObjectSealer {
  readonly #keys = new Map<string, ObjectKey>();

  constructor(
    private readonly store: KeyStore,
    private readonly masters: MasterKeys,
    private readonly random: (bytes: number) => Buffer = randomBytes,
  ) {
    // A key that was being written when its process died would outlive its shredding.
    store.clean(FOLDER);
  }

  seal(objectUid: string, version: number, clear: string): string {
    const { id, keys } = this.#keyOf(objectUid) ?? this.#createKey(objectUid);
    const key = keys.key(version);
    if (!key)
      throw new Fault(`version ${version} of object ${objectUid} was shredded: nothing can be sealed for it`, false);
    const head = Buffer.alloc(1 + ID_BYTES + VERSION_BYTES, FORMAT);
    id.copy(head, 1);
    head.writeUInt32BE(version, 1 + ID_BYTES);
    const sealed = encrypt(key, this.random(IV_BYTES), Buffer.from(clear, 'utf8'), objectUid);
    return Buffer.concat([head, sealed]).toString('base64');
  }

  open(objectUid: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    const body = bodyAt(bytes);
    if (body === undefined || bytes.length < body + IV_BYTES + TAG_BYTES) throw new SealBroken(objectUid);
    const objectKey = this.#keyOf(objectUid);
    // A key with another id was made after the first one was shredded: the old text is as unreadable as without any.
    if (objectKey === undefined || !objectKey.id.equals(bytes.subarray(1, 1 + ID_BYTES))) return undefined;
    const { keys } = objectKey;
    const key = body === 1 + ID_BYTES ? keys.root : keys.key(bytes.readUInt32BE(1 + ID_BYTES));
    if (key === undefined) return undefined;
    const clear = decrypt(key, bytes.subarray(body), objectUid);
    if (clear === undefined) throw new SealBroken(objectUid);
    return clear.toString('utf8');
  }

  hasKey(objectUid: string): boolean {
    return this.store.read(fileOf(objectUid)) !== undefined;
  }

  shredVersions(objectUid: string, before: number): void {
    // Another process may wrap the key anew at the same moment.
    for (;;) {
      const objectKey = this.#keyOf(objectUid);
      if (objectKey === undefined || objectKey.keys.from >= before) return;
      const { text, id, keys } = objectKey;
      const left = this.#wrapped(objectUid, id, keys.since(before));
      if (this.store.replace(fileOf(objectUid), text, left)) return;
    }
  }

  shred(objectUid: string): void {
    this.store.destroy(fileOf(objectUid));
    this.#keys.delete(objectUid);
    // Last: a process that dies in between does it again.
    this.store.destroy(deletionOf(objectUid));
  }

  objects(): readonly StoredObjectKey[] {
    return this.store.list(FOLDER).map((file) => {
      const objectUid = decodeURIComponent(file);
      const deletedAt = Date.parse(this.store.read(deletionOf(objectUid)) ?? '');
      return { objectUid, deletedAt: Number.isNaN(deletedAt) ? undefined : deletedAt };
    });
  }

  noteDeletion(objectUid: string, at: Instant): Instant {
    const stored = Date.parse(this.store.createOnce(deletionOf(objectUid), `${new Date(at).toISOString()}\n`));
    return Number.isNaN(stored) ? at : stored;
  }

  /**
   * Wraps anew what another master key than the current one has wrapped, and returns how many it found: 0 means that no other
   * master key is needed any more. Others get the thread meanwhile. One process does this: the one that has the writer.
   * `onBroken` receives objects whose key no master key opens.
   */
  async rewrap(onBroken: (objectUid: string) => void): Promise<number> {
    const current = this.masters.current;
    let changed = 0;
    let looked = 0;
    for (const name of this.store.list(FOLDER)) {
      if (++looked % LOOKS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      const file = `${FOLDER}/${name}`;
      const objectUid = decodeURIComponent(name);
      const text = this.store.read(file);
      if (text === undefined) continue;
      const [id = '', wrapped = ''] = text.trim().split(' ');
      const opened = this.masters.unwrap(wrapped, objectUid);
      if (opened === undefined) onBroken(objectUid);
      else if (opened.number !== current) {
        changed++;
        // It may have been shredded or replaced meanwhile: then the next pass sees what is left to do.
        this.store.replace(file, text, `${id} ${this.masters.wrap(opened.key, objectUid)}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return changed;
  }

  #keyOf(objectUid: string): ObjectKey | undefined {
    const wrapped = this.store.read(fileOf(objectUid));
    if (wrapped === undefined) {
      // Another process may have shredded it since it was read here.
      this.#keys.delete(objectUid);
      return undefined;
    }
    const known = this.#keys.get(objectUid);
    if (known?.text === wrapped) return known;
    const objectKey = this.#unwrap(objectUid, wrapped);
    this.#keys.set(objectUid, objectKey);
    return objectKey;
  }

  #createKey(objectUid: string): ObjectKey {
    // A master key that another process has made meanwhile wraps it.
    this.masters.refresh();
    const text = this.#wrapped(objectUid, this.random(ID_BYTES), VersionKeys.of(this.random(32)));
    return this.#unwrap(objectUid, this.store.createOnce(fileOf(objectUid), text));
  }

  #wrapped(objectUid: string, id: Buffer, keys: VersionKeys): string {
    return `${id.toString('hex')} ${this.masters.wrap(keys.toBytes(), objectUid)}\n`;
  }

  #unwrap(objectUid: string, text: string): ObjectKey {
    const [id = '', wrapped = ''] = text.trim().split(' ');
    const opened = this.masters.unwrap(wrapped, objectUid);
    const keys = opened && VersionKeys.parse(opened.key);
    if (keys === undefined) throw new SealBroken(objectUid);
    return { text, id: Buffer.from(id, 'hex'), keys };
  }
}

/** Where the head of a sealed text ends; undefined for a format that is not known. */
function bodyAt(bytes: Buffer): number | undefined {
  if (bytes[0] === FORMAT) return 1 + ID_BYTES + VERSION_BYTES;
  return bytes[0] === FORMAT_OF_ROOT ? 1 + ID_BYTES : undefined;
}

/** Uids come from clients' UUIDs only, but a file name must hold whatever comes. */
function fileOf(objectUid: string): string {
  return `${FOLDER}/${encodeURIComponent(objectUid).replaceAll('.', '%2E')}`;
}

/** Says since when the object is deleted. */
function deletionOf(objectUid: string): string {
  return fileOf(objectUid).replace(FOLDER, DELETIONS);
}
