// Checks placements as plainly as the documentation says it, from the log alone. It shares no code with the scheduler.

/** What is wrong with the binds in a log, one sentence each; `expected` pods must be bound, each once. */
export async function problemsOf(log, expected) {
  const nodes = new Map();
  const pods = new Map();
  const placed = new Map();
  const problems = [];
  let bound = 0;
  for await (const batch of log.readAll(0)) {
    for (const recorded of batch) {
      const { stream, type, data } = recorded.open();
      if (stream.startsWith('core.nodes/')) nodes.set(data.object.metadata.name, data.object);
      if (!stream.startsWith('core.pods/')) continue;
      if (type === 'Created') {
        pods.set(stream, data.object);
        if (data.object.spec.nodeName) put(placed, data.object.spec.nodeName, data.object);
      }
      if (type !== 'PodBound') continue;
      bound++;
      const pod = pods.get(stream);
      if (pod.bound) problems.push(`${stream} is bound twice`);
      pod.bound = true;
      const why = whyNot(pod, nodes.get(data.node), { nodes, placed });
      if (why) problems.push(`${stream} is on ${data.node}: ${why}`);
      put(placed, data.node, pod);
    }
  }
  if (bound !== expected) problems.push(`${bound} pods are bound, not ${expected}`);
  return problems;
}

function put(placed, node, pod) {
  if (!placed.has(node)) placed.set(node, []);
  placed.get(node).push(pod);
}

function whyNot(pod, node, { nodes, placed }) {
  if (!node) return 'there is no such node';
  const here = placed.get(node.metadata.name) ?? [];
  if (here.length + 1 > Number(node.status.allocatable.pods)) return 'too many pods';
  for (const resource of ['cpu', 'memory']) {
    const used = [...here, pod].reduce((sum, one) => sum + asked(one, resource), 0);
    if (used > amount(node.status.allocatable[resource])) return `not enough ${resource}`;
  }
  for (const one of here) {
    if (shuns(pod, one)) return `it wants to be apart from ${one.metadata.name}`;
    if (shuns(one, pod)) return `${one.metadata.name} wants to be apart from it`;
  }
  for (const { maxSkew, topologyKey, labelSelector } of pod.spec.topologySpreadConstraints ?? []) {
    const counts = new Map();
    for (const one of nodes.values()) {
      const zone = one.metadata.labels[topologyKey];
      const like = (placed.get(one.metadata.name) ?? []).filter((other) => selects(labelSelector, other)).length;
      counts.set(zone, (counts.get(zone) ?? 0) + like);
    }
    const skew = counts.get(node.metadata.labels[topologyKey]) + 1 - Math.min(...counts.values());
    if (skew > maxSkew) return `the skew would be ${skew}`;
  }
  return undefined;
}

/** Terms of the bench name the host as their topology: two pods are together when they are on one node. */
function shuns(pod, other) {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some((term) => selects(term.labelSelector, other));
}
function selects({ matchLabels }, pod) {
  return Object.entries(matchLabels).every(([key, value]) => pod.metadata.labels[key] === value);
}

function asked(pod, resource) {
  return pod.spec.containers.reduce((sum, one) => sum + amount(one.resources.requests[resource]), 0);
}
/** In thousandths of cores, or in bytes. */
function amount(text) {
  const [, number, unit] = /^(\d+)(m|Mi|Gi|)$/.exec(text);
  if (unit === 'Mi') return Number(number) * 2 ** 20;
  if (unit === 'Gi') return Number(number) * 2 ** 30;
  return unit === 'm' ? Number(number) : Number(number) * 1000;
}
