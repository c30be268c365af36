/**
 * A static interval tree over all positions, kept in ordinary tables: each interval is stored at the highest node that lies in
 * it, a node being a number whose trailing zero bits are its height. The intervals that contain a point are at the point's
 * ancestors, so a lookup takes one index search per bit of the largest position, however many intervals there are.
 */

/** The node of an interval, both ends included; `1 <= first <= last`. */
export function nodeOf(first: number, last: number): number {
  let height = 0;
  // The highest bit in which the number before the interval and its end differ.
  for (let a = first - 1, b = last; a !== b; height++) {
    a = Math.floor(a / 2);
    b = Math.floor(b / 2);
  }
  const size = 2 ** (height - 1);
  return Math.floor(last / size) * size;
}

/** The nodes at which an interval that contains a point can be stored, where no interval reaches beyond `max`. */
export function nodesAround(point: number, max: number): number[] {
  const nodes: number[] = [];
  for (let size = 1; size <= max; size *= 2) {
    // Below the point's own height there are only its descendants.
    if (point % (2 * size) === 0) continue;
    const node = Math.floor(point / (2 * size)) * 2 * size + size;
    if (node <= max) nodes.push(node);
  }
  return nodes;
}
