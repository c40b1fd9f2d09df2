print("draw a digit")
