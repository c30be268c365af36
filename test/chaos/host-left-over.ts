import type { HostScene } from './host-scene.js';

/** What there is of pods and services on the hosts, a line each. */
export async function presentOn(scene: HostScene): Promise<ReadonlySet<string>> {
  const lines = new Set<string>();
  for (const host of scene.nodes) {
    const add = (what: string, text: string): void => {
      for (const line of text.split('\n')) if (line.trim() !== '') lines.add(`${host.name}: ${what}: ${line.trim()}`);
    };
    // Of maps and sets each element is a line: what a pod or a service adds to one is seen.
    add('rule', (await host.run('nft', '-s', 'list', 'ruleset')).replace(/elements = \{ |, (?=\S)/g, '$&\n'));
    // A bridge that no pod is attached to just now is the same bridge.
    add('route', (await host.run('ip', '-4', 'route', 'show', 'table', 'all')).replace(/ linkdown\b/g, ''));
    const links = await host.run('ip', '-o', 'link');
    add('link', links.replace(/^\d+: ([^:@]+).*$/gm, '$1'));
    for (const { Labels } of await scene.containers(host, { stopped: true }))
      add('container', `${Labels['io.shiplog.container.role']} of ${Labels['io.shiplog.pod.name']}`);
    add('mount', (await host.run('cat', '/proc/self/mountinfo')).replace(/^\d+ \d+ \S+ \S+ (\S+) .*$/gm, '$1'));
    add('namespace', (await host.run('lsns', '--noheadings', '--output', 'TYPE,COMMAND')).replace(/ +/g, ' '));
  }
  return lines;
}
