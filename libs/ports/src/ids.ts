/** Where uids come from. */
export interface Ids {
  /** A fresh random UUID. */
  uid(): string;
  /** UUIDv5 of a text: always the same for the same text. */
  named(text: string): string;
}
