export { InstanceBudget } from './instance-budget.js';
export { type MemoryBudget, openMemoryBudget } from './memory-budget.js';
