import type { KindId, KubeObject, StreamName } from '#model';
import { StreamIndex } from './stream-index.js';

const NO_STREAMS: ReadonlySet<string> = new Set();

/** The secondary indexes of a projection: which streams' living objects have an owner, a node, a uid, a namespace. */
export class ObjectIndexes {
  private readonly owners = new StreamIndex();
  private readonly nodes = new StreamIndex();
  private readonly uids = new Map<string, string>();
  private readonly namespaces = new Map<string, Map<KindId, number>>();

  ownedBy(uid: string): ReadonlySet<string> {
    return this.owners.get(uid) ?? NO_STREAMS;
  }
  onNode(node: string): ReadonlySet<string> {
    return this.nodes.get(node) ?? NO_STREAMS;
  }
  streamOf(uid: string): string | undefined {
    return this.uids.get(uid);
  }
  kindsIn(namespace: string): readonly KindId[] {
    return [...(this.namespaces.get(namespace)?.keys() ?? [])].sort();
  }

  /** The object of a stream was `before` and is `after`. */
  update(
    stream: string,
    { kind, namespace }: StreamName,
    { before, after }: { readonly before: KubeObject | undefined; readonly after: KubeObject | undefined },
  ): void {
    if (before?.metadata.uid !== after?.metadata.uid) {
      if (before) this.uids.delete(before.metadata.uid);
      if (after) this.uids.set(after.metadata.uid, stream);
    }
    if (before?.metadata.ownerReferences !== after?.metadata.ownerReferences) {
      for (const owner of before?.metadata.ownerReferences ?? []) this.owners.drop(owner.uid, stream);
      for (const owner of after?.metadata.ownerReferences ?? []) this.owners.add(owner.uid, stream);
    }
    const nodeBefore = nodeOf(kind, before);
    const nodeAfter = nodeOf(kind, after);
    if (nodeBefore !== nodeAfter) {
      if (nodeBefore !== undefined) this.nodes.drop(nodeBefore, stream);
      if (nodeAfter !== undefined) this.nodes.add(nodeAfter, stream);
    }
    if (namespace !== undefined && (before === undefined) !== (after === undefined)) {
      this.count(namespace, kind, after ? 1 : -1);
    }
  }

  private count(namespace: string, kind: KindId, by: 1 | -1): void {
    let kinds = this.namespaces.get(namespace);
    if (!kinds) this.namespaces.set(namespace, (kinds = new Map()));
    const count = (kinds.get(kind) ?? 0) + by;
    if (count > 0) kinds.set(kind, count);
    else kinds.delete(kind);
    if (kinds.size === 0) this.namespaces.delete(namespace);
  }
}

/** Only pods sit on nodes; `spec.nodeName` of the core kind `pods` is the one field the engine knows by name. */
export function nodeOf(kind: KindId, object: KubeObject | undefined): string | undefined {
  if (kind !== 'core.pods' || !object) return undefined;
  return (object as { spec?: { nodeName?: string } }).spec?.nodeName ?? '';
}
