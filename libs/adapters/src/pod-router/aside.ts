import { cidrText, firstHost, networkOf, parseCidr } from '#meta';
import type { PodWay } from '#model';
import type { PodRouterPlan } from '#ports';
import { PROBE_PORTS, ROUTE_PROTOCOL, type RouterNames } from './names.js';
import { routeOf } from './path-routes.js';
import type { Line, Present, ShownRoute, ShownRule } from './shown.js';

const WAYS: readonly PodWay[] = ['route', 'vxlan'];

/**
 * Routes that only probes take, of the spare ways of paths: a table for each way, and a rule that sends probes of that way there. What
 * the table does not have goes by the main one. The rule names ports, which the kernel looks at too when it checks where a packet came
 * from (rp_filter), so that an answer by the spare way is not taken for a forged one; for that it may not name an interface.
 */
export function asideBatches(
  plan: PodRouterPlan,
  names: RouterNames,
  { aside, rules }: Pick<Present, 'aside' | 'rules'>,
): { readonly routes: readonly Line[]; readonly leftOver: readonly Line[] } {
  const named = new Set(plan.paths.map(({ podCidr }) => podCidr));
  const made: Line[] = [];
  const leftOver: Line[] = [];
  for (const way of WAYS) {
    const table = names.asideTables[way];
    const wanted = new Map(
      plan.paths
        .filter(({ spare }) => spare === way)
        .map((path) => [path.podCidr, routeOf(path, way, plan.pods.cidr, names, table)] as const),
    );
    const there = aside.filter((route) => route.table === String(table));
    const known = new Map(there.map((route) => [route.dst, route]));
    for (const [cidr, { line, isThere }] of wanted) {
      const route = known.get(cidr);
      if (route === undefined || !isThere(route)) made.push({ ...line, isSpare: true });
    }
    const old = there.filter(({ dst }) => !wanted.has(dst) && (plan.isWhole || named.has(dst)));
    leftOver.push(...old.map((route) => asideRemoval(route, names)));
    const ours = rules.filter((rule) => rule.table === String(table));
    const isNeeded = wanted.size > 0 || there.length > old.length;
    const right = isNeeded ? ours.find((rule) => isRight(rule, plan, way)) : undefined;
    if (isNeeded && !right) made.push({ text: `rule add ${ruleOf(plan, way)} lookup ${table}` });
    leftOver.push(...ours.filter((rule) => rule !== right).map(ruleRemoval));
  }
  return { routes: made, leftOver };
}

export function asideRemoval({ dst, table }: ShownRoute, { metric }: RouterNames): Line {
  return { text: `route del ${dst} proto ${ROUTE_PROTOCOL} metric ${metric} table ${table}` };
}
export function ruleRemoval({ priority, src, dst, dstlen = 32, ipproto, dport, table }: ShownRule): Line {
  const from = src === undefined ? '' : ` from ${src}`;
  const to = dst === undefined ? '' : ` to ${dst}/${dstlen}`;
  const of = ipproto === undefined ? '' : ` ipproto ${ipproto}`;
  const at = dport === undefined ? '' : ` dport ${dport}`;
  return { text: `rule del pref ${priority}${from}${to}${of}${at} lookup ${table}` };
}

function ruleOf({ pods, podCidr }: PodRouterPlan, way: PodWay): string {
  const port = PROBE_PORTS[way];
  return `pref ${port} from ${firstHost(pods.cidr)} to ${podCidr} ipproto udp dport ${port}`;
}
function isRight(
  { priority, src, dst, dstlen = 32, ipproto, dport }: ShownRule,
  { pods, podCidr }: PodRouterPlan,
  way: PodWay,
): boolean {
  const port = PROBE_PORTS[way];
  const cidr = parseCidr(podCidr);
  return (
    priority === port &&
    src === firstHost(pods.cidr) &&
    `${dst}/${dstlen}` === (cidr ? cidrText(networkOf(cidr)) : podCidr) &&
    ipproto === 'udp' &&
    dport === port
  );
}
