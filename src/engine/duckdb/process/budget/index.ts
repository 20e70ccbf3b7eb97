export { InstanceBudget } from './instance-budget.js';
export { MemoryBudget } from './memory-budget.js';
