import type { AuditLog, AuditSeries } from '#ports';
import type { JsonObject } from '#std';
import { RotatedFile } from './rotated-file.js';

export interface AuditFilesOptions {
  readonly folder: string;
  readonly onProblem: (problem: string) => void;
  /** Default: {@link AUDIT_LIMITS}. */
  readonly limits?: Readonly<Record<AuditSeries, AuditLimits>>;
}
export interface AuditLimits {
  readonly bytesMax: number;
  readonly filesMax: number;
  readonly queueBytesMax: number;
}

const MIB = 1024 * 1024;
/** On disk 256 MiB of what was done and 64 MiB of what was refused; in memory at most 8 MiB and 1 MiB that wait for the disk. */
export const AUDIT_LIMITS: Readonly<Record<AuditSeries, AuditLimits>> = {
  audit: { bytesMax: 32 * MIB, filesMax: 8, queueBytesMax: 8 * MIB },
  refused: { bytesMax: 16 * MIB, filesMax: 4, queueBytesMax: MIB },
};

/** Audit events as lines of JSON, in `audit.log` and `refused.log` of a folder. */
export class AuditFiles implements AuditLog {
  private readonly files: Readonly<Record<AuditSeries, RotatedFile>>;

  constructor({ folder, onProblem, limits = AUDIT_LIMITS }: AuditFilesOptions) {
    const file = (name: AuditSeries): RotatedFile => new RotatedFile({ folder, name, onProblem, ...limits[name] });
    this.files = { audit: file('audit'), refused: file('refused') };
  }

  write(series: AuditSeries, event: JsonObject): void {
    this.files[series].write(JSON.stringify(event));
  }

  get lost(): number {
    return this.files.audit.lost + this.files.refused.lost;
  }
  get written(): number {
    return this.files.audit.written + this.files.refused.written;
  }

  async close(): Promise<void> {
    await Promise.all([this.files.audit.close(), this.files.refused.close()]);
  }
}
