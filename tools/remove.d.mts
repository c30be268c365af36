export function removeCluster(home: string, say?: (line: string) => void): Promise<void>;
export function removeContainersOf(cluster: string, say?: (line: string) => void): Promise<void>;
