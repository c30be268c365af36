import type { SubjectPart } from '#model';
import { BitString, Integer, OctetString, Primitive } from 'asn1js';
import { contextTag, oidOf, partsOf, rawOf, readDer, stringOf, type Asn1 } from './asn1.js';
import { base64Of, firstPemBlock, textOf } from './pem.js';
import { isSignedBy, type Signed } from './signature.js';

/** What a PKCS #10 request asks to have certified. Extensions other than alternative names are nobody's business. */
export interface SigningRequest {
  /** The attributes that certificates have, in the order in which Go writes them, with one common name at most. */
  readonly subject: readonly SubjectPart[];
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  /** SubjectPublicKeyInfo, base64 of DER. */
  readonly publicKey: string;
}
export interface Unreadable {
  readonly problem: string;
}

/** The request in a `spec.request`: base64 of PEM. */
export function readRequest(request: string): SigningRequest | Unreadable {
  const read = readParts(request);
  return 'problem' in read ? read : read.request;
}

/** The same, and its signature must be that of the key that it names: nobody gets a certificate for the key of another. */
export function readSignedRequest(request: string): SigningRequest | Unreadable {
  const read = readParts(request);
  if ('problem' in read) return read;
  return isSignedBy(read.key, read.signed) ? read.request : { problem: 'x509: the signature is not that of the key' };
}

/** Three bytes of the certificate request in four characters, and its lines; a key of 16,384 bits fits in many times. */
const REQUEST_LENGTH_MAX = 96 * 1024;

interface Parts {
  readonly request: SigningRequest;
  readonly key: Uint8Array;
  readonly signed: Signed;
}
function readParts(request: string): Parts | Unreadable {
  if (request.length > REQUEST_LENGTH_MAX)
    return { problem: `may not have more than ${REQUEST_LENGTH_MAX} characters` };
  const block = firstPemBlock(textOf(request) ?? '')?.block;
  if (block?.type !== 'CERTIFICATE REQUEST') return { problem: 'PEM block type must be CERTIFICATE REQUEST' };
  const [info, algorithm, signature, ...more] = partsOf(readDer(block.bytes));
  const [version, subject, key, attributes] = partsOf(info);
  const isRequest = version instanceof Integer && signature instanceof BitString && more.length === 0;
  if (!isRequest || !info || !subject || !key || partsOf(key).length !== 2) return NO_REQUEST;
  const names = alternativeNames(attributes);
  if (!names) return { problem: 'x509: the alternative names are malformed' };
  return {
    request: { ...namesOf(subject), ...names, publicKey: base64Of(rawOf(key)) },
    key: rawOf(key),
    signed: {
      bytes: rawOf(info),
      algorithm: oidOf(partsOf(algorithm)[0]),
      signature: signature.valueBlock.valueHexView,
    },
  };
}
const NO_REQUEST: Unreadable = { problem: 'asn1: structure error: this is no PKCS #10 certificate request' };

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
/** Country, organization, unit, locality, province, street, postal code, common name, serial number. */
const KNOWN = ['6', '10', '11', '7', '8', '9', '17', '3', '5'].map((last) => `2.5.4.${last}`);

function namesOf(name: Asn1): Pick<SigningRequest, 'subject' | 'commonName' | 'organizations'> {
  const parts = partsOf(name)
    .flatMap(partsOf)
    .flatMap((attribute): readonly SubjectPart[] => {
      const [type, text] = partsOf(attribute);
      const value = stringOf(text);
      return value === undefined ? [] : [{ oid: oidOf(type), value }];
    });
  const valuesOf = (oid: string): readonly SubjectPart[] => parts.filter((part) => part.oid === oid);
  return {
    subject: KNOWN.flatMap((oid) => (oid === COMMON_NAME ? valuesOf(oid).slice(-1) : valuesOf(oid))),
    commonName: valuesOf(COMMON_NAME).at(-1)?.value ?? '',
    organizations: valuesOf(ORGANIZATION).map(({ value }) => value),
  };
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAMES = '2.5.29.17';
type AlternativeNames = Pick<SigningRequest, 'dnsNames' | 'emailAddresses' | 'ipAddresses' | 'uris'>;

/** Undefined when there are names that cannot be read: what is not understood is not certified. */
function alternativeNames(attributes: Asn1 | undefined): AlternativeNames | undefined {
  const extensions = partsOf(attributes)
    .map(partsOf)
    .filter(([type]) => oidOf(type) === EXTENSION_REQUEST)
    .flatMap(([, values]) => partsOf(values))
    .flatMap(partsOf)
    .map(partsOf)
    .filter(([type]) => oidOf(type) === ALTERNATIVE_NAMES);
  const names = { dnsNames: [], emailAddresses: [], ipAddresses: [], uris: [] };
  return extensions.every((parts) => addNames(parts.at(-1), names)) ? names : undefined;
}

interface Collected {
  readonly dnsNames: string[];
  readonly emailAddresses: string[];
  readonly ipAddresses: string[];
  readonly uris: string[];
}
function addNames(value: Asn1 | undefined, names: Collected): boolean {
  const list = value instanceof OctetString ? readDer(value.valueBlock.valueHexView) : undefined;
  if (!list) return false;
  return partsOf(list).every((name) => {
    const kept = LISTS[contextTag(name)];
    if (!kept) return true;
    const text = name instanceof Primitive ? kept.text(name.valueBlock.valueHexView) : undefined;
    if (text === undefined) return false;
    names[kept.list].push(text);
    return true;
  });
}

/** By the tag of a GeneralName. */
const LISTS: Readonly<
  Record<number, { readonly list: keyof Collected; readonly text: (bytes: Uint8Array) => string | undefined }>
> = {
  1: { list: 'emailAddresses', text: asciiOf },
  2: { list: 'dnsNames', text: asciiOf },
  6: { list: 'uris', text: asciiOf },
  7: { list: 'ipAddresses', text: addressOf },
};
function asciiOf(bytes: Uint8Array): string | undefined {
  return bytes.every((byte) => byte < 128) ? String.fromCharCode(...bytes) : undefined;
}
function addressOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(':');
}
