import { byteLength, duplicate, invalid, qualifiedName, required } from '#meta';
import { jsonEquals } from '#std';
import { csiDriverName } from '../../validation/csi-driver-name.js';
import { each, items, nonNegative, type Problems } from '../../validation/checks.js';
import type { CsiNode, CsiNodeDriver } from './schema.js';

const DRIVERS = 'spec.drivers';
const NODE_ID_BYTES_MAX = 256;

/** Problems of a CSINode, in Kubernetes' order. */
export function validateCsiNode({ spec }: CsiNode): Problems {
  const names = new Set<string>();
  return items(spec.drivers).flatMap((driver, i) => {
    const isTwice = names.has(driver.name);
    names.add(driver.name);
    return driverProblems(`${DRIVERS}[${i}]`, driver, isTwice);
  });
}

/** A driver that stays keeps its node id and its topology keys; how many volumes it takes may change. */
export function validateCsiNodeUpdate(object: CsiNode, old: CsiNode): Problems {
  const stated = new Map<string, CsiNodeDriver[]>();
  for (const driver of items(object.spec.drivers)) {
    const same = stated.get(driver.name);
    if (same) same.push(driver);
    else stated.set(driver.name, [driver]);
  }
  const problems = validateCsiNode(object);
  // A genuine server checks the whole object twice on an update, and names each such cause twice.
  return [
    ...problems,
    ...problems,
    ...items(old.spec.drivers).flatMap((before) =>
      items(stated.get(before.name))
        .filter((driver) => !isSameDriver(driver, before))
        .map((driver) => invalid(DRIVERS, shown(driver), 'field is immutable')),
    ),
  ];
}

function driverProblems(at: string, driver: CsiNodeDriver, isTwice: boolean): Problems {
  const { name, nodeID, allocatable } = driver;
  return [
    ...csiDriverName(`${at}.name`, name),
    ...(nodeID === '' ? [required(`${at}.nodeID`)] : []),
    ...(byteLength(nodeID) > NODE_ID_BYTES_MAX
      ? [invalid(`${at}.nodeID`, nodeID, `must be ${NODE_ID_BYTES_MAX} characters or less`)]
      : []),
    ...nonNegative(`${at}.allocatable.count`, allocatable?.count),
    ...(isTwice ? [duplicate(`${at}.name`, name)] : []),
    ...topologyProblems(at, driver),
  ];
}

/** Told of the driver, not of the key. */
function topologyProblems(at: string, { topologyKeys }: CsiNodeDriver): Problems {
  const keys = new Set<string>();
  return items(topologyKeys).flatMap((key) => {
    const isTwice = keys.has(key);
    keys.add(key);
    return [
      ...(key === '' ? [required(at)] : []),
      ...(isTwice ? [duplicate(at, key)] : []),
      ...each(at, key, qualifiedName(key)),
    ];
  });
}

function isSameDriver(one: CsiNodeDriver, other: CsiNodeDriver): boolean {
  return one.nodeID === other.nodeID && jsonEquals([...items(one.topologyKeys)], [...items(other.topologyKeys)]);
}
/** In the form of Kubernetes' own type, with what may change left out. */
function shown({ name, nodeID, topologyKeys }: CsiNodeDriver): object {
  return { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys ?? null, Allocatable: null };
}
