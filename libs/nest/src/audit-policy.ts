import { readFileSync } from 'node:fs';
import { AuditPolicy } from '#http';
import { Fault } from '#std';

/**
 * Reads the policy file of the audit.
 *
 * @throws Fault when it cannot be read or is no policy: a process that kept something else than was asked for would look fine.
 */
export function readAuditPolicy(path: string): AuditPolicy {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).message;
    throw new Fault(`SHIPLOG_AUDIT_POLICY names ${path}, which cannot be read: ${why}`, false, { cause });
  }
  try {
    return AuditPolicy.parse(text);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault(`SHIPLOG_AUDIT_POLICY names ${path}, which is no audit policy: ${cause.message}`, false, { cause });
  }
}
