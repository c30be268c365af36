export interface PlantedSource {
  readonly path: string;
  readonly source: string;
}
export function sourcesWith(patch: string): readonly PlantedSource[];
export function runPlanted(options?: {
  readonly jobs?: number;
  readonly only?: string;
  readonly count?: number | undefined;
}): Promise<number>;
