import { compareQuantities, labelValueProblems, qualifiedName, quantityOf, quantityText, ZERO_QUANTITY } from '#meta';
import type { Problem } from '#model';
import { jsonEquals } from '#std';
import { cidrFamily } from '../../shared/ip.js';
import type { Node } from './schema.js';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateNode(object: Node): readonly Problem[] {
  return [...taintProblems(object), ...resourceProblems(object), ...cidrProblems(object)];
}

export function validateNodeUpdate(object: Node, old: Node): readonly Problem[] {
  const problems: Problem[] = [...resourceProblems(object), ...addressProblems(object)];
  const [cidrs, oldCidrs] = [object.spec.podCIDRs ?? [], old.spec.podCIDRs ?? []];
  if (oldCidrs.length > 0 && !jsonEquals(cidrs, oldCidrs)) {
    problems.push({
      type: 'Forbidden',
      field: 'spec.podCIDRs',
      detail: 'node updates may not change podCIDR except from "" to valid',
    });
  } else problems.push(...cidrProblems(object));
  if (old.spec.providerID && object.spec.providerID !== old.spec.providerID) {
    problems.push({
      type: 'Forbidden',
      field: 'spec.providerID',
      detail: 'node updates may not change providerID except from "" to valid',
    });
  }
  return [...problems, ...taintProblems(object)];
}

function taintProblems(object: Node): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of (object.spec.taints ?? []).entries()) {
    const field = `metadata.taints[${i}]`;
    const { key = '', value = '', effect = '' } = taint;
    for (const detail of qualifiedName(key))
      problems.push({ type: 'Invalid', field: `${field}.key`, value: key, detail });
    for (const detail of labelValueProblems(value))
      problems.push({ type: 'Invalid', field: `${field}.value`, value, detail });
    if (effect === '') problems.push({ type: 'Required', field: `${field}.effect`, detail: '' });
    else if (!EFFECTS.includes(effect)) {
      problems.push({ type: 'NotSupported', field: `${field}.effect`, value: effect, detail: '', supported: EFFECTS });
    }
    const pair = `${key} ${effect}`;
    if (seen.has(pair)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      problems.push({ type: 'Duplicate', field, value: shown, detail: 'taints must be unique by key and effect pair' });
      return problems;
    }
    seen.add(pair);
  }
  return problems;
}

function resourceProblems(object: Node): readonly Problem[] {
  return (['capacity', 'allocatable'] as const).flatMap((part) =>
    Object.entries(object.status?.[part] ?? {}).flatMap(([name, amount]): readonly Problem[] => {
      const field = `status.${part}.${name}`;
      const problems: Problem[] = qualifiedName(name).map((detail) => ({
        type: 'Invalid',
        field,
        value: name,
        detail,
      }));
      const quantity = quantityOf(amount);
      if (compareQuantities(quantity, ZERO_QUANTITY) < 0) {
        problems.push({
          type: 'Invalid',
          field,
          value: quantityText(quantity),
          detail: 'must be greater than or equal to 0',
        });
      }
      return problems;
    }),
  );
}

function cidrProblems(object: Node): readonly Problem[] {
  const cidrs = object.spec.podCIDRs ?? [];
  const problems: Problem[] = [];
  for (const [i, cidr] of cidrs.entries()) {
    if (cidrFamily(cidr) !== undefined) continue;
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    problems.push({ type: 'Invalid', field: `spec.podCIDRs[${i}]`, value: cidr, detail });
  }
  const families = cidrs.map(cidrFamily);
  if (cidrs.length > 1 && problems.length === 0 && (cidrs.length > 2 || families[0] === families[1])) {
    problems.push({
      type: 'Invalid',
      field: 'spec.podCIDRs',
      value: cidrs,
      detail: 'may specify no more than one CIDR for each IP family',
    });
  }
  return problems;
}

function addressProblems(object: Node): readonly Problem[] {
  const seen = new Set<string>();
  return (object.status?.addresses ?? []).flatMap((entry, i): readonly Problem[] => {
    const pair = `${entry.type} ${entry.address}`;
    if (seen.has(pair))
      return [
        {
          type: 'Duplicate',
          field: `status.addresses[${i}]`,
          value: { type: entry.type, address: entry.address },
          detail: '',
        },
      ];
    seen.add(pair);
    return [];
  });
}
