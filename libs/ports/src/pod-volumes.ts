/**
 * Files on the node that belong to pods. What must not be found on a disk (secrets, tokens) is kept in memory.
 * Everything of a pod is removed with it.
 */
export interface PodVolumes {
  /** Makes or updates a volume; the same plan again changes nothing. Files are swapped all at once. Returns its path on the node. */
  put(podUid: string, volume: VolumePlan): Promise<string>;
  /**
   * Path of a volume of files that is there whole from before; undefined when there is none. To be asked for no other volume: what
   * containers can write may look like one, and {@link subPath} would then trust it.
   */
  earlier(podUid: string, volume: string): Promise<string | undefined>;
  /** A path inside a volume for a subPath mount, made when it is missing; it never leads out of the volume. */
  subPath(podUid: string, volume: string, volumePath: string, subPath: string): Promise<string>;
  /** A single file of the pod's own (`etc-hosts`, `resolv.conf`, termination messages); written anew in place. */
  putFile(podUid: string, name: string, text: string, mode: number): Promise<string>;
  /** Bytes of such a file, at most `bytesMax`. Empty when it is missing. */
  readFile(podUid: string, name: string, bytesMax: number): Promise<string>;
  /** Folder of an emptyDir volume on the node, whether it is there or not. */
  emptyPath(podUid: string, volume: string, medium: string): string;
  /** Bytes that a volume of the pod takes on the disk. */
  usedBytes(podUid: string, volume: string): Promise<number>;
  removePod(podUid: string): Promise<void>;
  /** Uids of pods that have files here. */
  pods(): Promise<readonly string[]>;
  /** What the agent remembers over a restart; never a secret. */
  loadState(): Promise<string | undefined>;
  saveState(text: string): Promise<void>;
  /** What the agent was told of the cluster; never a secret. */
  loadKnown(): Promise<string | undefined>;
  saveKnown(text: string): Promise<void>;
}

export type VolumePlan = FilesVolume | EmptyVolume | HostVolume;
export interface FilesVolume {
  readonly is: 'files';
  readonly name: string;
  /** Secret contents never reach a disk. */
  readonly secret: boolean;
  readonly files: readonly VolumeFile[];
  readonly ownerGroup?: number;
}
export interface VolumeFile {
  /** Relative, may have folders. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly ownerUser?: number;
}
export interface EmptyVolume {
  readonly is: 'empty';
  readonly name: string;
  readonly medium: '' | 'Memory' | string;
  readonly sizeBytes?: number;
  readonly ownerGroup?: number;
}
export interface HostVolume {
  readonly is: 'host';
  readonly name: string;
  readonly path: string;
  /** Kubernetes' hostPath types; '' checks nothing. */
  readonly type: string;
}
