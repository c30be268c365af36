import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ObjectKey as StoredObjectKey } from '#ports';
import { Fault, type Instant } from '#std';
import type { KeyStore } from './key-store.js';
import { VersionKeys } from './version-keys.js';

const MASTER = 'master.key';
const FOLDER = 'objects';
const DELETIONS = 'deleted-objects';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 8;
const VERSION_BYTES = 4;
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
  readonly #master: Buffer;
  readonly #keys = new Map<string, ObjectKey>();

  constructor(
    private readonly store: KeyStore,
    private readonly random: (bytes: number) => Buffer = randomBytes,
  ) {
    const text = store.read(MASTER) ?? store.createOnce(MASTER, `${random(32).toString('base64')}\n`);
    this.#master = Buffer.from(text.trim(), 'base64');
    if (this.#master.length !== 32)
      throw new Fault(`the key store's ${MASTER} is damaged: restore it from a backup`, false);
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
    return key && decrypt(key, bytes.subarray(body), objectUid).toString('utf8');
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
    const text = this.#wrapped(objectUid, this.random(ID_BYTES), VersionKeys.of(this.random(32)));
    return this.#unwrap(objectUid, this.store.createOnce(fileOf(objectUid), text));
  }

  #wrapped(objectUid: string, id: Buffer, keys: VersionKeys): string {
    const wrapped = encrypt(this.#master, this.random(IV_BYTES), keys.toBytes(), objectUid).toString('base64');
    return `${id.toString('hex')} ${wrapped}\n`;
  }

  #unwrap(objectUid: string, text: string): ObjectKey {
    const [id = '', wrapped = ''] = text.trim().split(' ');
    const keys = VersionKeys.parse(decrypt(this.#master, Buffer.from(wrapped, 'base64'), objectUid));
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

function encrypt(key: Buffer, iv: Buffer, clear: Buffer, bound: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(bound, 'utf8'));
  const body = Buffer.concat([cipher.update(clear), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function decrypt(key: Buffer, sealed: Buffer, bound: string): Buffer {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken(bound, { cause });
  }
}
