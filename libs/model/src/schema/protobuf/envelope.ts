import { BYTES, ProtobufError, WireReader, WireWriter } from './wire.js';

/** What comes before every object that Kubernetes sends in protobuf: four letters, then its type beside its bytes. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
  readonly contentType: string;
}

const MAGIC = [0x6b, 0x38, 0x73, 0x00];

export function isEnvelope(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Throws {@link ProtobufError} when the bytes are no such envelope. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!isEnvelope(bytes)) throw new ProtobufError('provided data does not appear to be a protobuf message');
  const reader = new WireReader(bytes.subarray(MAGIC.length));
  let type = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array(0);
  let contentType = '';
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    if (wire !== BYTES) reader.skip(wire);
    else if (tag === 1) type = readType(reader.blob());
    else if (tag === 2) raw = reader.blob();
    else if (tag === 4) contentType = reader.text();
    else reader.skip(wire);
  }
  return { ...type, raw, contentType };
}

function readType(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const reader = new WireReader(bytes);
  const type = { apiVersion: '', kind: '' };
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    if (tag === 1) type.apiVersion = reader.text();
    else if (tag === 2) type.kind = reader.text();
    else reader.skip(wire);
  }
  return type;
}

export function encodeEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const type = new WireWriter();
  type.text(1, apiVersion);
  type.text(2, kind);
  const unknown = new WireWriter();
  unknown.blob(1, type.done());
  unknown.blob(2, raw);
  unknown.text(3, '');
  unknown.text(4, '');
  const body = unknown.done();
  const out = new Uint8Array(MAGIC.length + body.length);
  out.set(MAGIC);
  out.set(body, MAGIC.length);
  return out;
}
