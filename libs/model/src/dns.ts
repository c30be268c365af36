/** A question of class IN, as a client asks it. */
export interface DnsQuestion {
  /** Lower case, labels joined by dots, without the one at the end; empty for the root. */
  readonly name: string;
  /** `A`, `SRV`, …; a type without a name is `UNKNOWN_<number>`. */
  readonly type: string;
}

/** A record of class IN. `ttl` is in seconds; names are spelled as in {@link DnsQuestion}. */
export type DnsRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'SOA'; readonly soa: DnsAuthority }
);

/** Start of authority of a zone; the times are in seconds. */
export interface DnsAuthority {
  readonly primary: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** How long a negative answer is kept. */
  readonly minimum: number;
}

/** The answer of a zone. NODATA is NOERROR without answers. */
export interface DnsReply {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** The last CNAME of `answers` leads to this name, whose records of the asked type belong behind it. */
  readonly continuesAt?: string;
}
