"""Files: result.h5 (also the checkpoint), VTU, CSV, summary.json. Arrays and labels, no physics."""
