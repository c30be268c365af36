import type { Pod } from '#pod';

const HOST_NAME_LENGTH_MAX = 63;

/** The host name of a pod, cut as long names are; a fully qualified one only where the pod asks for it. */
export function hostnameOf(pod: Pod, domain: string): string {
  const { hostnameOverride, hostname, subdomain, setHostnameAsFQDN } = pod.spec;
  if (hostnameOverride) return hostnameOverride.slice(0, 64);
  const short = (hostname || pod.metadata.name).slice(0, HOST_NAME_LENGTH_MAX).replace(/[-.]+$/, '');
  return setHostnameAsFQDN && subdomain ? `${short}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${domain}` : short;
}

/** /etc/hosts of the pod's containers. `hostFile` is the node's own, for pods on the node's network. */
export function hostsFile(pod: Pod, ips: readonly string[], domain: string, hostFile: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}`);
  const extra = aliases.length > 0 ? `\n# Entries added by HostAliases.\n${aliases.join('\n')}\n` : '';
  if (pod.spec.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${hostFile}${extra}`;
  const fixed = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const own = ips.map((ip) => `${ip}\t${ownNames(pod, domain).join('\t')}`);
  return `# Kubernetes-managed hosts file.\n${[...fixed, ...own].join('\n')}\n${extra}`;
}
function ownNames(pod: Pod, domain: string): readonly string[] {
  if (pod.spec.hostnameOverride) return [pod.spec.hostnameOverride];
  const short = (pod.spec.hostname || pod.metadata.name).slice(0, HOST_NAME_LENGTH_MAX).replace(/[-.]+$/, '');
  const { subdomain } = pod.spec;
  return subdomain ? [`${short}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${domain}`, short] : [short];
}

/** As many as the C library uses. */
const NAME_SERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

export interface ResolverConfig {
  /** /etc/resolv.conf */
  readonly text: string;
  /** What was left out, in the words of a kubelet's event DNSConfigForming. */
  readonly warnings: readonly string[];
}
/** The resolver of the pod's containers. Without a cluster DNS the node's own is used. Beyond Kubernetes' limits servers and domains are left out. */
export function resolverConfig(
  pod: Pod,
  node: { readonly clusterDns: readonly string[]; readonly domain: string; readonly hostFile: string },
): ResolverConfig {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  const cluster =
    node.clusterDns.length > 0 &&
    (policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec.hostNetwork));
  const base = policy === 'None' ? emptyResolver : cluster ? clusterResolver(pod, node) : parseResolver(node.hostFile);
  const config = pod.spec.dnsConfig;
  const options = new Map(base.options.map((o) => [o.split(':')[0] ?? o, o]));
  for (const o of config?.options ?? [])
    if (o.name) options.set(o.name, o.value === undefined ? o.name : `${o.name}:${o.value}`);
  const allServers = unique([...base.nameservers, ...(config?.nameservers ?? [])]);
  const allSearches = unique([...base.searches, ...(config?.searches ?? [])]);
  const nameservers = allServers.slice(0, NAME_SERVERS_MAX);
  const searches = withinLimits(allSearches);
  const applied = { search: searches.join(' '), servers: nameservers.join(' ') };
  const warnings = [
    ...(searches.length < allSearches.length
      ? [
          `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${applied.search}`,
        ]
      : []),
    ...(nameservers.length < allServers.length
      ? [
          `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${applied.servers}`,
        ]
      : []),
  ];
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((n) => `nameserver ${n}`),
    ...(options.size > 0 ? [`options ${[...options.values()].join(' ')}`] : []),
    '',
  ];
  return { text: lines.join('\n'), warnings };
}
function withinLimits(searches: readonly string[]): readonly string[] {
  let characters = -1;
  return searches.slice(0, SEARCHES_MAX).filter((domain) => (characters += domain.length + 1) <= SEARCH_CHARACTERS_MAX);
}
interface Resolver {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}
const emptyResolver: Resolver = { nameservers: [], searches: [], options: [] };
function clusterResolver(
  pod: Pod,
  node: { readonly clusterDns: readonly string[]; readonly domain: string; readonly hostFile: string },
): Resolver {
  const { domain } = node;
  const own = [`${pod.metadata.namespace ?? ''}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    nameservers: node.clusterDns,
    searches: [...own, ...parseResolver(node.hostFile).searches],
    options: ['ndots:5'],
  };
}
function parseResolver(text: string): Resolver {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  );
  const after = (word: string): readonly string[] => lines.filter((l) => l[0] === word).flatMap((l) => l.slice(1));
  return {
    nameservers: after('nameserver'),
    searches:
      lines
        .filter((l) => l[0] === 'search')
        .at(-1)
        ?.slice(1) ?? [],
    options: after('options'),
  };
}
function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
