"""From nodal Green functions to what is measured: fields, terminal currents, free energy, defects."""
