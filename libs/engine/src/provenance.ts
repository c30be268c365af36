import type { Command, EventMetadata, UserDetails, UserInfo } from '#model';

/** Bytes of UTF-8 that an event has for each part. A client chooses all of these texts, so they are cut. */
const NAME_MAX = 512;
const TEXT_MAX = 256;
const AGENT_MAX = 512;
const PATH_MAX = 1024;
const GROUPS_MAX = 2048;
const EXTRA_MAX = 2048;

type Provenance = Pick<EventMetadata, 'actor' | 'user' | 'impersonator' | 'via' | 'fieldManager' | 'request'>;

/** Who asked for a command and through what, in a bounded number of bytes. */
export function provenanceOf({ actor, impersonator, via, request, options }: Command): Provenance {
  const who = { actor: cut(actor.name, NAME_MAX), via: cut(via, AGENT_MAX) };
  if (request === undefined) return who;
  const { auditId, verb, path, source } = request;
  return {
    ...who,
    user: boundedUser(actor),
    ...(impersonator && { impersonator: { name: cut(impersonator.name, NAME_MAX), ...boundedUser(impersonator) } }),
    ...(options.fieldManager && { fieldManager: cut(options.fieldManager, TEXT_MAX) }),
    request: {
      auditId: cut(auditId, TEXT_MAX),
      verb: cut(verb, TEXT_MAX),
      path: cut(path, PATH_MAX),
      ...(source !== undefined && { source: cut(source, TEXT_MAX) }),
    },
  };
}

/** A user's uid, groups and extra as far as they fit; `isCut` says that there was more. */
export function boundedUser({ uid, groups, extra = {} }: UserInfo): UserDetails {
  const shortUid = uid && cut(uid, TEXT_MAX);
  const kept = bounded(groups, GROUPS_MAX);
  const more = boundedExtra(extra);
  const isCut = shortUid !== uid || kept.isCut || more.isCut;
  return {
    ...(shortUid && { uid: shortUid }),
    groups: kept.texts,
    ...(Object.keys(more.extra).length > 0 && { extra: more.extra }),
    ...(isCut && { isCut }),
  };
}

function boundedExtra(extra: NonNullable<UserInfo['extra']>): {
  extra: Record<string, readonly string[]>;
  isCut: boolean;
} {
  const kept: [string, readonly string[]][] = [];
  let left = EXTRA_MAX;
  for (const [key, values] of Object.entries(extra)) {
    const one = bounded([key, ...values], left);
    left -= one.bytes;
    const [shortKey, ...shortValues] = one.texts;
    if (shortKey !== undefined) kept.push([shortKey, shortValues]);
    if (one.isCut) return { extra: Object.fromEntries(kept), isCut: true };
  }
  return { extra: Object.fromEntries(kept), isCut: false };
}

/** The first texts that fit in so many bytes together. */
function bounded(
  texts: readonly string[],
  bytesMax: number,
): { texts: readonly string[]; bytes: number; isCut: boolean } {
  const kept: string[] = [];
  let bytes = 0;
  let isCut = false;
  for (const text of texts) {
    const short = cut(text, TEXT_MAX);
    isCut ||= short !== text;
    // The quotes and the comma of its JSON count too: empty texts are not free.
    const size = byteLength(short) + 3;
    if (bytes + size > bytesMax) return { texts: kept, bytes, isCut: true };
    bytes += size;
    kept.push(short);
  }
  return { texts: kept, bytes, isCut };
}

const MARK = '…';

/** The beginning of a text that has more than so many bytes of UTF-8, with a mark that it was cut. */
export function cut(text: string, bytesMax: number): string {
  // A unit of UTF-16 is one to three bytes: what is longer than the limit in units need not be counted.
  if (text.length <= bytesMax && byteLength(text) <= bytesMax) return text;
  let bytes = byteLength(MARK);
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return text.slice(0, end) + MARK;
}

function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
