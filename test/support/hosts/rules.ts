/** What goes from one host to another is dropped; undefined: from all, to all. */
export interface Cut {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Of what goes from and to a host this share is dropped. */
export interface Loss {
  readonly name: string;
  readonly percent: number;
}

/** What has an address of this network is dropped, as clouds do with addresses that they did not give; undefined: from all. */
export interface Stranger {
  readonly cidr: string;
  readonly from: string | undefined;
}

export interface Rules {
  readonly strangers: readonly Stranger[];
  readonly cuts: readonly Cut[];
  readonly losses: readonly Loss[];
  /** Names of the ports of the bridge behind which a host is. */
  readonly portsOf: (name: string) => readonly string[];
}

/** Rules of the packet filter at the bridge, as input for `nft -f`. They replace those that are there, all at once. */
export function rulesOf({ strangers, cuts, losses, portsOf }: Rules): string {
  const ports = (key: 'iifname' | 'oifname', name: string | undefined): string =>
    name === undefined
      ? ''
      : `${key} { ${portsOf(name)
          .map((port) => `"${port}"`)
          .join(', ')} } `;
  const rules = [
    ...strangers.flatMap(({ cidr, from }) =>
      ['saddr', 'daddr'].map((key) => `${ports('iifname', from)}ip ${key} ${cidr} drop`),
    ),
    ...cuts.map(({ from, to }) => `${ports('iifname', from)}${ports('oifname', to)}drop`),
    ...losses.flatMap(({ name, percent }) =>
      (['iifname', 'oifname'] as const).map((key) => `${ports(key, name)}numgen random mod 100 < ${percent} drop`),
    ),
  ];
  return [
    'table bridge faults',
    'delete table bridge faults',
    'table bridge faults {',
    '  chain links {',
    '    type filter hook forward priority 0',
    ...rules.map((rule) => `    ${rule}`),
    '  }',
    '}',
    '',
  ].join('\n');
}
