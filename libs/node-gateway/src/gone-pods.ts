const KEPT_MAX = 2048;

export interface PodPlace {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The pods that went last, of all nodes: what an agent observed of one may arrive after its object is gone. */
export class GonePods {
  private readonly places = new Map<string, PodPlace>();

  add(place: PodPlace): void {
    this.places.set(place.uid, place);
    if (this.places.size <= KEPT_MAX) return;
    for (const oldest of this.places.keys()) {
      this.places.delete(oldest);
      return;
    }
  }

  has({ node, namespace, name, uid }: PodPlace): boolean {
    const known = this.places.get(uid);
    return known?.node === node && known.namespace === namespace && known.name === name;
  }
}
