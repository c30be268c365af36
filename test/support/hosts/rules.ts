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

export interface Rules {
  readonly cuts: readonly Cut[];
  readonly losses: readonly Loss[];
  /** Names of the ports of the bridge behind which a host is. */
  readonly portsOf: (name: string) => readonly string[];
}

/** Rules of the packet filter at the bridge, as input for `nft -f`. They replace those that are there, all at once. */
export function rulesOf({ cuts, losses, portsOf }: Rules): string {
  const ports = (key: 'iifname' | 'oifname', name: string | undefined): string =>
    name === undefined
      ? ''
      : `${key} { ${portsOf(name)
          .map((port) => `"${port}"`)
          .join(', ')} } `;
  const rules = [
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
