/** Settings of the process set: sys_attrs_psm(5). All can be changed while the set is kept. */

export interface PsmSettings {
  /** psm_cat_max: categories, the 28 well-known ones among them. */
  readonly catMax: number;
  /** psm_mem_max: members of all categories together, exited ones among them. */
  readonly memMax: number;
  /** psm_mem_autocat: adding a member makes its category. */
  readonly memAutocat: boolean;
  /** psm_noevm: bits of NOEVM, the events that are not wanted. */
  readonly noevm: number;
}

export const PSM_DEFAULTS: PsmSettings = { catMax: 512, memMax: 1024, memAutocat: true, noevm: 0 };

export const NOEVM = { SET: 1, CAT: 2, MEM: 4, EXMEM: 8 } as const;
