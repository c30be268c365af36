import type { KubeObject } from '#model';

/**
 * The living objects of one kind, by namespace and name, listed in the order of Kubernetes' store: by the text
 * `namespace/name` (so `a-b/x` comes before `a/x`). Lists are kept until the table changes.
 */
export class ObjectTable {
  private readonly namespaces = new Map<string, Shelf>();
  private all: readonly KubeObject[] | undefined;

  get(namespace: string, name: string): KubeObject | undefined {
    return this.namespaces.get(namespace)?.objects.get(name);
  }

  set(namespace: string, name: string, object: KubeObject | undefined): void {
    this.all = undefined;
    let shelf = this.namespaces.get(namespace);
    if (!shelf) {
      if (!object) return;
      this.namespaces.set(namespace, (shelf = { objects: new Map(), names: undefined, list: undefined }));
    }
    shelf.list = undefined;
    if (object) {
      const isNew = !shelf.objects.has(name);
      shelf.objects.set(name, object);
      if (isNew && shelf.names) insert(shelf.names, name);
      return;
    }
    shelf.objects.delete(name);
    if (shelf.names) remove(shelf.names, name);
    if (shelf.objects.size === 0) this.namespaces.delete(namespace);
  }

  list(namespace?: string): readonly KubeObject[] {
    if (namespace !== undefined) {
      const shelf = this.namespaces.get(namespace);
      return shelf ? listOf(shelf) : [];
    }
    if (this.all) return this.all;
    const order = [...this.namespaces.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
    const all: KubeObject[] = [];
    for (const key of order) for (const object of listOf(this.namespaces.get(key) as Shelf)) all.push(object);
    this.all = all;
    return all;
  }
}

interface Shelf {
  readonly objects: Map<string, KubeObject>;
  names: string[] | undefined;
  list: readonly KubeObject[] | undefined;
}

function listOf(shelf: Shelf): readonly KubeObject[] {
  if (shelf.list) return shelf.list;
  shelf.names ??= [...shelf.objects.keys()].sort();
  const list = shelf.names.map((name) => shelf.objects.get(name) as KubeObject);
  shelf.list = list;
  return list;
}
/** The place of a name in the sorted names, or where it belongs. */
function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] as string) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
function insert(names: string[], name: string): void {
  names.splice(placeOf(names, name), 0, name);
}
function remove(names: string[], name: string): void {
  const place = placeOf(names, name);
  if (names[place] === name) names.splice(place, 1);
}
