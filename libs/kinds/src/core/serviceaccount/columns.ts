import { ageColumn, nameColumn } from '../../columns.js';

export const serviceAccountColumns = [nameColumn, ageColumn];
