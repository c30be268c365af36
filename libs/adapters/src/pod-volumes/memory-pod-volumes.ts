import type { PodVolumes, VolumePlan } from '#ports';

/** Volumes that exist only as facts, for simulation and tests: what was put can be looked at. */
export class MemoryPodVolumes implements PodVolumes {
  readonly volumes = new Map<string, VolumePlan>();
  readonly files = new Map<string, string>();
  private state: string | undefined;
  private known: string | undefined;

  put(podUid: string, volume: VolumePlan): Promise<string> {
    const path = `/pods/${podUid}/volumes/${volume.name}`;
    this.volumes.set(path, volume);
    return Promise.resolve(volume.is === 'host' ? volume.path : path);
  }
  earlier(podUid: string, volume: string): Promise<string | undefined> {
    const path = `/pods/${podUid}/volumes/${volume}`;
    return Promise.resolve(this.volumes.get(path)?.is === 'files' ? path : undefined);
  }
  subPath(_podUid: string, _volume: string, volumePath: string, subPath: string): Promise<string> {
    return Promise.resolve(`${volumePath}/${subPath}`);
  }
  putFile(podUid: string, name: string, text: string): Promise<string> {
    const path = `/pods/${podUid}/${name}`;
    this.files.set(path, text);
    return Promise.resolve(path);
  }
  readFile(podUid: string, name: string, bytesMax: number): Promise<string> {
    return Promise.resolve((this.files.get(`/pods/${podUid}/${name}`) ?? '').slice(0, bytesMax));
  }
  emptyPath(podUid: string, volume: string): string {
    return `/pods/${podUid}/volumes/${volume}`;
  }
  usedBytes(): Promise<number> {
    return Promise.resolve(0);
  }
  removePod(podUid: string): Promise<void> {
    for (const map of [this.volumes, this.files])
      for (const path of map.keys()) if (path.startsWith(`/pods/${podUid}/`)) map.delete(path);
    return Promise.resolve();
  }
  pods(): Promise<readonly string[]> {
    return Promise.resolve([
      ...new Set([...this.volumes.keys(), ...this.files.keys()].map((path) => path.split('/')[2] ?? '')),
    ]);
  }
  loadState(): Promise<string | undefined> {
    return Promise.resolve(this.state);
  }
  saveState(text: string): Promise<void> {
    this.state = text;
    return Promise.resolve();
  }
  loadKnown(): Promise<string | undefined> {
    return Promise.resolve(this.known);
  }
  saveKnown(text: string): Promise<void> {
    this.known = text;
    return Promise.resolve();
  }
}
