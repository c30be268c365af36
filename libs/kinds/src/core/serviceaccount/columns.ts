import { ageColumn, nameColumn } from '../../shared/columns.js';

export const serviceAccountColumns = [nameColumn, ageColumn];
