import { BaseBlock, BaseStringBlock, Constructed, fromBER, ObjectIdentifier } from 'asn1js';

/** Bytes of a request or certificate that are looked at; a chain has several certificates. */
export const DER_BYTES_MAX = 64 * 1024;
/** Far more than a certificate has, and little enough to be read in a few milliseconds. */
const LIMITS = { maxDepth: 16, maxNodes: 2000, maxContentLength: DER_BYTES_MAX };

export type Asn1 = BaseBlock;

/** What the bytes say when they are one value and nothing else. */
export function readDer(bytes: Uint8Array): Asn1 | undefined {
  if (bytes.length === 0 || bytes.length > DER_BYTES_MAX) return undefined;
  try {
    const { offset, result } = fromBER(bytes, LIMITS);
    return offset === bytes.length && result.error === '' ? result : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of a sequence or set; none of anything else. */
export function partsOf(block: Asn1 | undefined): readonly Asn1[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}
export function oidOf(block: Asn1 | undefined): string {
  return block instanceof ObjectIdentifier ? block.getValue() : '';
}
export function stringOf(block: Asn1 | undefined): string | undefined {
  return block instanceof BaseStringBlock ? block.getValue() : undefined;
}
/** The bytes of a value with its tag and length, as they were sent. */
export function rawOf(block: Asn1): Uint8Array {
  return block.valueBeforeDecodeView;
}
/** The number of a tag that only its context explains; -1 for another tag. */
export function contextTag({ idBlock }: Asn1): number {
  return idBlock.tagClass === CONTEXT_SPECIFIC ? idBlock.tagNumber : -1;
}
const CONTEXT_SPECIFIC = 3;
