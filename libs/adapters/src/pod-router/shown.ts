/** As much of what `ip -j` and `bridge -j` print as is looked at. */
export interface ShownRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly flags?: readonly string[];
  /** Undefined: the main one. */
  readonly table?: string;
}
export interface ShownRule {
  readonly priority: number;
  readonly src?: string;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly ipproto?: string;
  readonly dport?: number;
  readonly table?: string;
}
export interface ShownLink {
  readonly ifname: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly linkinfo?: {
    readonly info_data?: { readonly id?: number; readonly local?: string; readonly port?: number };
  };
  readonly addr_info?: readonly { readonly local?: string }[];
}
export interface ShownNeighbour {
  readonly dst: string;
  readonly lladdr?: string;
}
export interface ShownForward {
  readonly mac: string;
  readonly dst?: string;
}

/** What the kernel has of a node's routes and of its VXLAN device. */
export interface Present {
  readonly routes: readonly ShownRoute[];
  /** Routes for probes, in tables of their own, and the rules that lead to these. */
  readonly aside: readonly ShownRoute[];
  readonly rules: readonly ShownRule[];
  readonly link: ShownLink | undefined;
  readonly neighbours: readonly ShownNeighbour[];
  readonly forwards: readonly ShownForward[];
}
/** A line for `ip -batch` or `bridge -batch`. */
export interface Line {
  readonly text: string;
  /** Whose path it makes; undefined: all paths need it. */
  readonly node?: string;
  /** For the spare way of that path. */
  readonly isSpare?: boolean;
}
