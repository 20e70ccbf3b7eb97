from dataclasses import dataclass, field

from dbt.adapters.base.relation import BaseRelation, Policy
from dbt.adapters.contracts.relation import RelationType


@dataclass
class SkuaQuotePolicy(Policy):
    database: bool = True
    schema: bool = True
    identifier: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class SkuaRelation(BaseRelation):
    """``"catalog"."schema"."table"``. What lives in the session alone has a name and nothing else."""

    quote_policy: SkuaQuotePolicy = field(default_factory=SkuaQuotePolicy)
    renameable_relations: frozenset = frozenset({RelationType.Table, RelationType.View})
    replaceable_relations: frozenset = frozenset({RelationType.Table, RelationType.View})

    @property
    def in_session(self):
        return self.schema is None
