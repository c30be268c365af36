/**
 * What a program that Shiplog starts may need of the environment: where programs and temporary files are, the time zone and
 * the language of messages. All else stays here: logins in the settings above all.
 */
const PLAIN = ['PATH', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL'];
/** How the container engine is reached, and what Node itself reads. */
const AGENT = [
  'HOME',
  'DOCKER_HOST',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CLIENT_TIMEOUT',
  'NODE_EXTRA_CA_CERTS',
  'SHIPLOG_POD_CIDR',
  'SHIPLOG_NODE_CIDR_MASK',
  'SHIPLOG_NODE_CIDR_MASK_IPV6',
  'SHIPLOG_SERVICE_CIDR',
  'SHIPLOG_POD_NETWORK',
  'SHIPLOG_DRAIN',
  'SHIPLOG_METRICS_INTERVAL',
  'SHIPLOG_PROXY_MODE',
  'SHIPLOG_NODE_LABELS',
  'SHIPLOG_NODE_TAINTS',
  'SHIPLOG_INGRESS_PORTS',
  'SHIPLOG_SYSTEM_RESERVED',
  'SHIPLOG_KUBE_RESERVED',
  'SHIPLOG_EVICTION_HARD',
];

export function plainEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return chosen(env, PLAIN);
}
export function agentEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return chosen(env, [...PLAIN, ...AGENT]);
}

function chosen(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
