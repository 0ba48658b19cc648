"""Several videos imagined from one photo pair: each judged, the best one acted out, none where none is fit for it."""
