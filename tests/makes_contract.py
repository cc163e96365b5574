"""A contract for import-linter: the modules of one make never import those of another, be it by a detour.

The make is the word before the first underscore of a module's name, so a new driver needs no line but its make's.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class MakesContract(Contract):
    """Settings: `package`, and `makes`, the words with which the modules of a make begin."""

    package = fields.StringField()
    makes = fields.ListField(fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for chains of imports between the modules of two makes."""
        children = graph.find_children(self.package)
        modules = {make: {m for m in children if m.rpartition(".")[2].startswith(f"{make}_")} for make in self.makes}
        chains = [
            chain
            for make, own in modules.items()
            for other, others in modules.items()
            if make != other
            for module in sorted(own)
            for chain in sorted(filter(None, (graph.find_shortest_chain(module, each) for each in others)))
        ]
        empty = [make for make, own in modules.items() if not own]
        return ContractCheck(kept=not chains and not empty, metadata={"chains": chains, "empty": empty})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which imports there are."""
        for chain in check.metadata["chains"]:
            output.print_error(" -> ".join(chain))
        for make in check.metadata["empty"]:
            output.print_error(f"no module of {self.package} begins with {make}_")
